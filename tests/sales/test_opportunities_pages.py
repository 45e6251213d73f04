"""The pages of opportunities, as the people who use them see them."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Event, EventLink
from customers.actions import tasks
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity, StageChange
from tests.factories.sales import (
    lost_reason,
    make_customer,
    make_opportunity,
    make_order,
    make_product,
    stage,
)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def hx(**more):
    return {"HTTP_HX_REQUEST": "true", **more}


def test_the_page_shows_facts_path_history_and_story(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now, expected_close=date(2026, 6, 30), product=make_product())
    opportunities.move(opportunity, stage=stage("Proposal"), by=cast.rep, at=now + timedelta(days=3))
    page = as_user(cast.rep).get(reverse("opportunity-detail", args=[opportunity.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    for words in ["New machines", "$1,000.00", "Acme", "Pump", "Rosa Rep", "3 d", "There is no next step"]:
        assert words in text
    assert "“New machines” moved from Qualifying to Proposal" in text


def test_what_is_invisible_does_not_exist(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.outsider)
    for name in ["detail", "edit", "win", "loss", "handover", "timeline"]:
        assert client.get(reverse(f"opportunity-{name}", args=[opportunity.pk])).status_code == 404
    for name in ["stage", "delete", "reopening", "win", "loss", "handover", "restoration"]:
        assert client.post(reverse(f"opportunity-{name}", args=[opportunity.pk])).status_code == 404
    assert Opportunity.objects.get() == opportunity
    assert StageChange.objects.count() == 1
    # Whoever lost it while they were writing gets their words back, and nothing else.
    edit, written = (
        reverse("opportunity-edit", args=[opportunity.pk]),
        {"name": "New <pumps>", "notes": "Said on Monday"},
    )
    lost = client.post(edit, written | {"version": "1", "base_values": "not words"}).content.decode()
    assert "New &lt;pumps&gt;\n\nSaid on Monday</textarea>" in lost


def test_a_teammate_may_look_but_not_touch(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.teammate)
    page = client.get(reverse("opportunity-detail", args=[opportunity.pk]))
    assert page.status_code == 200
    assert reverse("opportunity-edit", args=[opportunity.pk]) not in page.content.decode()
    for name in ["stage", "delete", "reopening", "win", "loss", "handover", "edit"]:
        assert client.post(reverse(f"opportunity-{name}", args=[opportunity.pk])).status_code == 403
    assert StageChange.objects.count() == 1
    assert Opportunity.objects.get().version == 1


def test_opening_one_needs_only_a_name_and_a_customer(as_user, cast):
    customer = make_customer(cast.rep)
    client = as_user(cast.rep)
    assert client.get(reverse("opportunity-new"), {"customer": customer.pk}).status_code == 200
    answer = client.post(
        reverse("opportunity-new"),
        {"name": "Six pumps", "customer": customer.pk, "stage": stage("Proposal").pk, "probability": "30"},
    )
    opportunity = Opportunity.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("opportunity-detail", args=[opportunity.pk])
    assert (opportunity.owner, opportunity.team, opportunity.stage.name) == (cast.rep, cast.north, "Proposal")
    assert (opportunity.probability, opportunity.currency, opportunity.amount) == (Decimal("0.300"), "USD", None)


def test_a_form_with_errors_opens_nothing_and_keeps_what_was_typed(as_user, cast):
    foreign = make_customer(cast.outsider, "Secret customer")
    answer = as_user(cast.rep).post(
        reverse("opportunity-new"),
        {"name": "Six pumps", "customer": foreign.pk, "amount": "-3", "currency": "dollars"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Six pumps" in text
    assert "Secret customer" not in text
    assert not Opportunity.objects.exists()


def edit_values(client, opportunity):
    form = client.get(reverse("opportunity-edit", args=[opportunity.pk])).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def test_an_edit_is_saved_and_captured(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    values = edit_values(client, opportunity) | {"amount": "1250.50", "probability": "25"}
    assert client.post(reverse("opportunity-edit", args=[opportunity.pk]), values).status_code == 302
    opportunity.refresh_from_db()
    assert (opportunity.amount, opportunity.probability) == (Decimal("1250.50"), Decimal("0.250"))
    assert StageChange.objects.count() == 2
    changed = Event.objects.get(type="opportunity.updated")
    assert set(changed.data) == {"amount", "probability"}


def test_two_edits_of_different_fields_merge(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    mine = edit_values(client, opportunity) | {"notes": "Mine"}
    opportunities.update(opportunity, {"amount": Decimal("2000.00")}, by=cast.manager, at=timezone.now())
    assert client.post(reverse("opportunity-edit", args=[opportunity.pk]), mine).status_code == 302
    opportunity.refresh_from_db()
    assert (opportunity.notes, opportunity.amount) == ("Mine", Decimal("2000.00"))


def test_two_edits_of_one_field_are_shown_side_by_side(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    mine = edit_values(client, opportunity) | {"amount": "1111.00"}
    opportunities.update(opportunity, {"amount": Decimal("2222.00")}, by=cast.manager, at=timezone.now())
    answer = client.post(reverse("opportunity-edit", args=[opportunity.pk]), mine)
    assert answer.status_code == 409
    assert {"1,111", "2,222", "1,000"} <= set(answer.content.decode().replace("<", ">").split(">"))
    opportunity.refresh_from_db()
    assert opportunity.amount == Decimal("2222.00")


def test_losing_asks_why(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    url = reverse("opportunity-loss", args=[opportunity.pk])
    assert "Price" in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 422
    assert Opportunity.objects.get().is_open
    assert client.post(url, {"lost_reason": lost_reason().pk, "version": 1}).status_code == 302
    opportunity.refresh_from_db()
    assert (opportunity.stage.name, opportunity.lost_reason.name) == ("Lost", "Price")


def test_winning_without_an_amount_asks_for_it(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now, amount=None)
    client = as_user(cast.rep)
    asked = client.post(reverse("opportunity-stage", args=[opportunity.pk]), {"column": stage("Won").pk})
    assert "Sold for" in asked.content.decode()
    assert Opportunity.objects.get().is_open
    answer = client.post(reverse("opportunity-win", args=[opportunity.pk]), {"amount": "750", "version": 1})
    opportunity.refresh_from_db()
    assert answer.status_code == 302
    assert (opportunity.stage.name, opportunity.amount) == ("Won", Decimal("750.00"))
    reopened = client.post(reverse("opportunity-reopening", args=[opportunity.pk]))
    assert reopened.status_code == 302
    assert Opportunity.objects.get().is_open


def test_deleting_can_be_undone_at_once(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    assert client.post(reverse("opportunity-delete", args=[opportunity.pk])).status_code == 302
    assert client.get(reverse("opportunity-detail", args=[opportunity.pk])).status_code == 404
    assert client.post(reverse("opportunity-restoration", args=[opportunity.pk])).status_code == 302
    assert client.get(reverse("opportunity-detail", args=[opportunity.pk])).status_code == 200


def test_a_manager_hands_over_within_reach_only(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.manager)
    url = reverse("opportunity-handover", args=[opportunity.pk])
    assert client.post(url, {"owner": cast.outsider.pk}).status_code == 422
    assert Opportunity.objects.get().owner == cast.rep
    assert client.post(url, {"owner": cast.junior.pk}).status_code == 302
    opportunity.refresh_from_db()
    assert (opportunity.owner, opportunity.team) == (cast.junior, cast.north_inside)


def test_the_list_filters_by_outcome_and_hands_over_many(as_user, cast, now):
    first = make_opportunity(cast.rep, at=now, name="First")
    second = make_opportunity(cast.rep, at=now, name="Second", customer=first.customer)
    opportunities.win(second, by=cast.rep, at=now)
    client = as_user(cast.manager)
    text = client.get(reverse("opportunity-list"), {"outcome": "open"}).content.decode()
    assert "First" in text
    assert "Second" not in text
    url = reverse("opportunity-list-bulk", args=["hand-over"])
    ids = f"{first.pk},{second.pk}"
    assert client.post(url, {"ids": ids, "confirmed": "1", "owner": cast.junior.pk}).status_code == 302
    assert {row.owner for row in Opportunity.objects.all()} == {cast.junior, cast.rep}  # what is closed was left
    why = {"overriding": "She takes over both"}
    assert client.post(url, {"ids": ids, "confirmed": "1", "owner": cast.junior.pk, **why}).status_code == 302
    assert {row.owner for row in Opportunity.objects.all()} == {cast.junior}


def test_the_customer_page_shows_opportunities_and_orders(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    make_order(cast.rep, at=now, customer=opportunity.customer, number="A-1")
    client = as_user(cast.rep)
    panel = client.get(reverse("customer-opportunities", args=[opportunity.customer_id]), **hx())
    assert "New machines" in panel.content.decode()
    assert "A-1" in client.get(reverse("customer-orders", args=[opportunity.customer_id]), **hx()).content.decode()
    hidden = as_user(cast.outsider).get(reverse("customer-opportunities", args=[opportunity.customer_id]))
    assert hidden.status_code == 404


def test_home_puts_those_without_a_next_step_first(as_user, cast, now):
    customer = make_customer(cast.rep)
    planned = make_opportunity(cast.rep, at=now, name="Planned", customer=customer, expected_close=date(2026, 5, 20))
    make_opportunity(cast.rep, at=now, name="Forgotten", customer=customer, expected_close=date(2026, 9, 1))
    make_opportunity(cast.teammate, at=now, name="Not mine", customer=customer)
    tasks.create(title="Call", owner=cast.rep, customer=customer, about=planned, due_at=now, by=cast.rep, at=now)
    page = as_user(cast.rep).get(reverse("my-opportunities"), **hx())
    text = page.content.decode()
    assert text.index("Forgotten") < text.index("Planned")
    assert "Not mine" not in text
    assert "1 has no next step" in text
    assert page.context["sums"].count == 2


def test_activities_and_tasks_about_it_are_on_its_page(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    tasks.create(title="Send the offer", owner=cast.rep, about=opportunity, by=cast.rep, at=now)
    text = as_user(cast.rep).get(reverse("opportunity-detail", args=[opportunity.pk])).content.decode()
    assert "Send the offer" in text
    assert "There is no next step" not in text
    assert EventLink.objects.filter(kind="opportunity", object_id=opportunity.pk).exists()


def test_what_an_activity_or_a_task_changes_on_its_page_loads_again_with_its_stages(as_user, cast, now):
    """Else it says "There is no next step" beside the one just noted, and a stage is refused as moved meanwhile."""
    opportunity = make_opportunity(cast.rep, at=now)
    text = as_user(cast.rep).get(reverse("opportunity-detail", args=[opportunity.pk])).content.decode()
    assert 'hx-trigger="activity-logged from:body delay:1ms, task-changed from:body delay:1ms"' in text
    parts = re.search(r'hx-select="(.+?)" hx-select-oob="(.+?)"', text)
    ids = [part.removeprefix("#") for group in parts.groups() for part in group.split(",")]
    assert {name: text.count(f' id="{name}"') for name in ids} == {
        "opportunity-path": 1, "opportunity-facts": 1, "opportunity-history": 1, "opportunity-work": 1,
    }  # fmt: skip


@pytest.mark.parametrize("page", ["detail", "customer", "home", "list"])
def test_a_page_takes_the_same_queries_for_two_rows_and_for_ten(as_user, cast, now, page):
    opportunity = make_opportunity(cast.rep, at=now)
    client = as_user(cast.rep)
    url = {
        "detail": reverse("opportunity-detail", args=[opportunity.pk]),
        "customer": reverse("customer-opportunities", args=[opportunity.customer_id]),
        "home": reverse("my-opportunities"),
        "list": reverse("opportunity-list"),
    }[page]

    def grow(rows):
        for number in range(rows):
            hours = timedelta(hours=number + 1)
            fresh = Opportunity.objects.get(pk=opportunity.pk)
            opportunities.update(fresh, {"amount": Decimal(100 + number + rows)}, by=cast.rep, at=now + hours)
            tasks.create(title="Call", owner=cast.rep, about=opportunity, by=cast.rep, at=now)
            make_opportunity(cast.rep, at=now, customer=opportunity.customer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    grow(2)
    queries()
    few = queries()
    grow(8)
    assert queries() == few
    assert few <= 31


def test_who_sees_the_customer_but_no_sales_is_told_so_and_shown_nothing(as_user, cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    text = as_user(cast.agent).get(reverse("customer-opportunities", args=[opportunity.customer_id])).content.decode()
    assert "Your role does not show these." in text
    assert "New machines" not in text
    assert "1,000" not in text
