"""Amounts that a role hides, or only shows: what the fence (tests/architecture/test_closed_amounts.py) cannot ask."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.access.explain import why
from crm.access.grants import Access
from crm.access.permissions import Level, Verb
from crm.admin.roles import closable
from crm.events import webhooks
from crm.models import Event, ImportBatch, Notification, Role, User
from customers.sales.actions import big_sales, opportunities, opportunity_lines
from customers.sales.actions.opportunity_lines import Line
from customers.sales.models import BigSaleRule, ExitCriterion, Opportunity
from evaluation.models import closed
from tests.crm import test_import_runs as import_runs
from tests.factories import sales
from tests.factories.sales import WEDNESDAY

pytestmark = pytest.mark.django_db
AMOUNT = Decimal("773913.37")


def close(level: Level, code: str = "sales_rep") -> None:
    Role.objects.get(code=code).fields.create(kind="opportunity", name="amount", level=level)


@pytest.fixture
def sale(cast):
    return sales.make_opportunity(cast.rep, amount=AMOUNT, name="Pumps")


def stands(sale) -> Decimal | None:
    return Opportunity.objects.get(pk=sale.pk).amount


@pytest.mark.parametrize("level", [Level.HIDDEN, Level.READ])
def test_an_amount_is_changed_at_no_door_by_whom_it_is_closed_to(level, cast, client, sale):
    close(level)
    lead, product = sales.make_lead(cast.rep), sales.make_product()
    client.force_login(cast.rep)
    form = {
        "name": "Pumps and pipes",
        "amount": "1",
        "version": sale.version,
        "stage": sale.stage_id,
        "currency": "USD",
    }
    client.post(reverse("opportunity-edit", args=[sale.pk]), {**form, "customer": sale.customer_id})
    assert client.post(reverse("opportunity-lines", args=[sale.pk]), {}).status_code == 403
    assert client.get(reverse("opportunity-lines", args=[sale.pk])).status_code == 403
    how = {"by": User.objects.get(pk=cast.rep.pk), "at": WEDNESDAY}
    with pytest.raises(ValidationError, match="does not let you write"):
        opportunities.update(sale, {"amount": Decimal(1)}, **how)
    with pytest.raises(ValidationError, match="does not let you write"):
        opportunities.update(sale, {"currency": "JPY"}, **how)
    with pytest.raises(ValidationError, match="does not let you write"):
        opportunities.win(sale, amount=Decimal(1), **how)
    with pytest.raises(ValidationError, match="does not let you write"):
        opportunity_lines.replace(sale, [Line(product, Decimal(1), Decimal(1), Decimal(0), None)], **how)
    with pytest.raises(ValidationError, match="does not let you write"):
        opportunities.open(name="Other", amount=Decimal(1), customer=sale.customer, **how)
    assert client.get(reverse("lead-conversion", args=[lead.pk])).content.count(b'name="amount"') == 0
    assert stands(sale) == AMOUNT
    won = client.post(reverse("opportunity-win", args=[sale.pk]), {"amount": "1"})
    assert won.status_code == 302
    assert stands(sale) == AMOUNT, "it is won for what stands there"
    assert Opportunity.objects.get(pk=sale.pk).stage.is_won


def test_an_amount_that_is_only_shown_is_there_and_cannot_be_typed_in(cast, client, sale):
    close(Level.READ)
    client.force_login(cast.rep)
    assert "773,913.37" in client.get(reverse("opportunity-detail", args=[sale.pk])).content.decode()
    form = client.get(reverse("opportunity-edit", args=[sale.pk])).context["form"]
    assert form.fields["amount"].disabled
    assert client.get(reverse("forecast")).status_code == 200


def test_the_api_leaves_it_out_and_refuses_to_write_or_ask_for_it(cast, client, sale):
    close(Level.HIDDEN)
    client.force_login(cast.rep)
    [told] = client.get("/api/v1/opportunities/").json()["results"]
    assert {"amount", "monthly_value", "lines"}.isdisjoint(told)
    assert told["name"] == "Pumps"
    one = f"/api/v1/opportunities/{sale.pk}/"
    patched = client.patch(
        one, {"amount": "1"}, content_type="application/json", headers={"If-Match": f'"{sale.version}"'}
    )
    assert patched.status_code in (400, 403), patched.content
    assert client.get("/api/v1/waterfall/").status_code == 403
    assert stands(sale) == AMOUNT


def test_lists_have_no_such_column_order_or_filter(cast, client, sale):
    close(Level.HIDDEN)
    client.force_login(cast.rep)
    page = client.get(reverse("opportunity-list"), {"columns": "name,amount,weighted", "sort": "-amount"})
    assert [column.code for column in page.context["list"].columns] == ["name"]
    asked = client.get(reverse("opportunity-list"), {"amount_min": "700000"})
    assert asked.status_code == 422
    assert "Pumps" not in asked.content.decode()
    around = client.get(reverse("customer-list"), {"opportunities_amount_min": "700000"})
    assert around.status_code == 422


def test_what_is_all_amounts_is_nobodys_from_whom_they_are_hidden(cast, client, sale):
    order, contract = sales.make_order(cast.rep), sales.make_contract(cast.rep)
    client.force_login(cast.rep)
    assert client.get(order.get_absolute_url()).status_code == 200
    close(Level.HIDDEN)
    for record in (order, contract):
        assert client.get(record.get_absolute_url()).status_code == 404
        said = why(User.objects.get(pk=cast.rep.pk), record)
        assert (said.allowed, said.reasons) == (
            False, ["The person's roles hide what such records say: amount (opportunities)."],
        )  # fmt: skip
    for name in ("forecast", "order-list", "quote-list", "contract-list", "quota-table"):
        assert client.get(reverse(name)).status_code == 403, name
    assert client.get(reverse("pipeline-waterfall")).url == reverse("pipeline-conversion")
    assert client.get(reverse("pipeline-waterfall-records")).status_code == 403
    assert "order" not in {kind for kind, _verb in Access(User.objects.get(pk=cast.rep.pk)).grants}
    assert Access(User.objects.get(pk=cast.manager.pk)).may("order", Verb.VIEW)


def test_a_webhook_and_the_history_say_that_it_changed_and_not_to_what(cast, client, sale):
    opportunities.update(sale, {"amount": Decimal("773914.37")}, by=cast.rep, at=WEDNESDAY)
    opportunities.win(Opportunity.objects.get(pk=sale.pk), by=cast.rep, at=WEDNESDAY)
    close(Level.HIDDEN)
    rep = User.objects.get(pk=cast.rep.pk)
    for event in Event.objects.filter(subject_kind="opportunity", subject_id=sale.pk):
        assert b"77391" not in webhooks.message(event, rep)
    client.force_login(cast.rep)
    said = client.get(reverse("opportunity-detail", args=[sale.pk])).content.decode()
    assert "773,91" not in said
    assert "edited" in said


def test_a_big_sale_is_not_told_to_whom_amounts_are_closed(cast, sale):
    BigSaleRule.objects.create(amount=5000).people.add(cast.teammate, cast.manager)
    close(Level.HIDDEN)
    big_sales.tell(sale, at=WEDNESDAY)
    assert list(Notification.objects.values_list("receiver", flat=True)) == [cast.manager.pk]


def test_a_criterion_that_asks_for_an_amount_is_met_by_one_that_is_not_shown(cast, client, sale):
    ExitCriterion.objects.create(stage=sale.stage, what=ExitCriterion.What.AMOUNT)
    close(Level.HIDDEN)
    client.force_login(cast.rep)
    [item] = client.get(reverse("opportunity-detail", args=[sale.pk])).context["exit_items"]
    assert item.met


def test_numbers_made_of_amounts_are_refused_and_others_are_not(cast, client, sale):
    close(Level.HIDDEN)
    client.force_login(cast.rep)
    assert client.get(reverse("kpi-detail", args=["revenue"])).status_code == 403
    assert client.get(reverse("kpi-detail", args=["win_rate"])).status_code == 200


def test_a_file_of_what_is_withheld_is_shown_to_nobody_who_may_not_see_it(cast, client):
    batch = ImportBatch.objects.create(
        target="order", file_name="orders.csv", heads=["amount"], by=cast.administrator, created_at=WEDNESDAY
    )
    client.force_login(cast.administrator)
    assert client.get(reverse("import-detail", args=[batch.pk])).status_code in (200, 302)
    close(Level.HIDDEN, "administrator")
    assert client.get(reverse("import-detail", args=[batch.pk])).status_code == 403


@pytest.mark.parametrize("level", [Level.HIDDEN, None])
def test_a_file_changes_no_currency_of_what_may_not_be_written(level, cast, sale):
    if level is not None:
        close(level, "administrator")
    Opportunity.objects.filter(pk=sale.pk).update(external_id="17")
    fields = {name: name for name in ("external_id", "name", "customer", "currency")}
    text = f"external_id,name,customer,currency\n17,Pumps,{sale.customer},JPY\n"
    by = User.objects.get(pk=cast.administrator.pk)
    batch = import_runs.run(import_runs.stage(text, by, "opportunity", fields=fields))
    assert import_runs.told(batch)[0][1] == ("updated" if level is None else "error")
    assert Opportunity.objects.get(pk=sale.pk).currency == ("JPY" if level is None else "USD")


def test_the_page_of_a_role_says_what_goes_with_the_amount():
    labels = {code: label for _kind, group in closable() for code, label in group}
    assert labels["opportunity:amount"] == "Amount (with all quotes, orders, contracts, forecasts, quotas, returns)"
    assert labels["opportunity:notes"] == "Notes"


def test_which_kpis_are_made_of_amounts_is_read_off_what_they_ask():
    assert set(closed.codes()) >= {
        "revenue", "average_sale", "pipeline_value", "weighted_pipeline", "sales_velocity", "win_rate_by_value",
        "quota_attainment", "forecast_accuracy", "net_revenue_retention", "units_sold", "cac", "historic_value",
    }  # fmt: skip
    assert set(closed.codes()).isdisjoint({"win_rate", "sales_cycle", "csat", "follow_up_frequency", "new_customers"})
