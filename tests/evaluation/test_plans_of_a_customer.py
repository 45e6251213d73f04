"""A customer's page shows the action plans about it, and those with a task at it as a step."""

from django.urls import reverse
from django.utils import translation

from customers.models import Task
from evaluation.actions import plans
from evaluation.engine.scopes import Scope
from evaluation.forms.plans import PlanForm
from evaluation.models import ActionPlan
from tests.factories.customers import make_customer
from tests.factories.reviews import FROZEN, a_plan


def panel(client, person, customer):
    client.force_login(person)
    answer = client.get(reverse("customer-plans", args=[customer.pk]))
    return [plan.name for plan, _tone in answer.context["plans"]], answer.content.decode()


def test_a_plan_about_a_customer_puts_its_steps_there_and_is_shown_to_who_may_see_it(client, cast):
    acme, other = make_customer(cast.rep, "Acme"), make_customer(cast.rep, "Other")
    empty = panel(client, cast.manager, acme)
    assert empty[0] == []
    assert "No action plan is about this customer or has a task here." in empty[1]
    about = a_plan(cast, name="Win Acme back", kpi_code="revenue", scope=Scope("customer", acme.pk, acme.name))
    elsewhere = a_plan(cast, name="Call more")
    for plan in (about, elsewhere):
        plans.start(plans.agree(plan, by=cast.manager, at=FROZEN), by=cast.manager, at=FROZEN)
    assert Task.objects.get(title="Ask for the budget first", customer=acme).customer == acme

    names, shown = panel(client, cast.manager, acme)
    assert names == ["Win Acme back"]
    assert about.get_absolute_url() in shown
    assert "running" in shown
    assert "Rosa Rep" in shown
    assert panel(client, cast.manager, other)[0] == []
    step = elsewhere.steps.get()
    Task.objects.filter(pk=step.task_id).update(customer=other)
    assert panel(client, cast.manager, other)[0] == ["Call more"]
    other.collaborators.create(user=cast.outsider, added_at=FROZEN)
    assert panel(client, cast.outsider, other)[0] == []  # sees the customer, and neither plan nor task


def test_from_the_panel_a_plan_is_drafted_about_the_customer(client, cast):
    acme = make_customer(cast.rep, "Acme")
    client.force_login(cast.manager)
    address = reverse("plan-new") + f"?customer={acme.pk}"
    assert client.get(address).context["form"].initial["scope"] == f"customer:{acme.pk}"
    said = {
        "name": "Win Acme back", "reason": "They buy less.", "kpi_code": "revenue", "expected": "1000",
        "scope": f"customer:{acme.pk}", "owner": cast.manager.pk, "period_kind": "month",
        "due_on": "2999-12-31", "effect_due_on": "3000-06-30", "steps": "Visit them",
    }  # fmt: skip
    refused = client.post(address, said | {"kpi_code": "forecast_bias"})
    assert refused.status_code == 422
    assert not ActionPlan.objects.exists()
    assert client.post(address, said).status_code == 302
    plan = ActionPlan.objects.get()
    assert (plan.scope_kind, plan.scope_key, plan.scope_name) == ("customer", str(acme.pk), "Acme")

    hidden = make_customer(cast.outsider, "Theirs")
    assert client.get(reverse("plan-new") + f"?customer={hidden.pk}").status_code == 404
    forged = said | {"scope": f"customer:{hidden.pk}"}
    assert client.post(address, forged).status_code == 422
    assert ActionPlan.objects.count() == 1


def test_the_company_is_offered_in_the_readers_language(cast):
    with translation.override("zh-hans"):
        offered = PlanForm(user=cast.analyst).fields["scope"].choices
        assert next((str(label), each) for label, each in offered) == ("公司", [("company:", "公司")])
