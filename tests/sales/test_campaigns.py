"""Campaigns, those they are addressed to, the cost ledger, and where a sale came from."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from crm.exchange import batches
from customers.sales.actions import campaigns, costs, lead_conversion, order_returns
from customers.sales.models import Campaign, CampaignMember, CampaignMemberChange, Cost, Money
from customers.sales.models import attribution as attributed
from tests.crm.test_import_runs import run as run_batch
from tests.crm.test_import_runs import undo
from tests.factories.customers import make_contact
from tests.factories.sales import (
    WEDNESDAY,
    make_campaign,
    make_cost,
    make_lead,
    make_opportunity,
    make_order,
    return_reason,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_manager(client, cast):
    client.force_login(cast.manager)
    return client


def test_a_campaign_is_found_by_every_name_it_ever_had_and_no_other_may_take_one(cast):
    spring = make_campaign(cast.rep, name="Spring fair", code="fair26")
    spring = campaigns.update(spring, {"name": "Fair 2026"}, by=cast.rep, at=WEDNESDAY)
    for text in ("spring  FAIR", "FAIR26", "Fair 2026"):
        assert list(Campaign.objects.called(text)) == [spring], text
    for fields in ({"name": "Spring fair"}, {"name": "Other", "code": "Fair26"}):
        with pytest.raises(ValidationError):
            make_campaign(cast.rep, **fields)
    assert Campaign.objects.count() == 1


def test_members_are_added_once_and_how_they_stand_is_a_history_that_only_grows(cast):
    campaign = make_campaign(cast.rep)
    contact, closed = (
        make_contact(cast.rep),
        make_contact(cast.rep, name="No Thanks", do_not_contact=True, do_not_contact_reason="asked"),
    )
    lead = make_lead(cast.rep)
    add = {"campaign": campaign, "by": cast.rep, "at": WEDNESDAY}
    assert campaigns.add_members([contact, closed, lead, contact], **add) == 2
    assert campaigns.add_members([contact, lead], **add) == 0
    member = campaign.members.get(contact=contact)
    note = {"by": cast.rep, "at": WEDNESDAY}
    assert campaigns.note_state([member], "sent", day=date(2026, 5, 1), **note) == 1
    assert campaigns.note_state([member], "responded", day=date(2026, 5, 4), **note) == 1
    assert campaigns.note_state([member], "responded", day=date(2026, 5, 4), **note) == 0
    with pytest.raises(ValidationError):
        campaigns.note_state([member], "sent", day=date(2026, 5, 14), **note)
    member.refresh_from_db()
    assert (member.state, member.responded_on) == ("responded", date(2026, 5, 4))
    told = [(row.state, row.day.isoformat()) for row in member.changes.all()]
    assert told == [("planned", "2026-05-13"), ("sent", "2026-05-01"), ("responded", "2026-05-04")]
    with pytest.raises(DatabaseError), transaction.atomic():
        CampaignMemberChange.objects.filter(member=member).update(state="sent")


def test_a_cost_is_never_changed_only_taken_back_once_and_noted_anew(cast):
    campaign = make_campaign(cast.manager, channel="event")
    cost = make_cost(cast.manager, 500, month=date(2026, 4, 17), campaign=campaign)
    assert (cost.month, cost.channel, cost.team) == (date(2026, 4, 1), "event", cast.manager.team)
    for refused in (lambda: Cost.objects.update(amount=1), lambda: Cost.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            refused()
    stands = costs.take_back(cost, reason="A digit too many", amount=Decimal(50), by=cast.manager, at=WEDNESDAY)
    assert stands.amount == 50
    assert sorted(Cost.objects.values_list("amount", flat=True)) == [-500, 50, 500]
    assert Cost.objects.of_campaign(campaign).sums() == [Money(Decimal("50.00"), "USD")]
    counter = Cost.objects.get(corrects=cost)
    for one in (cost, counter):
        with pytest.raises(ValidationError):
            costs.take_back(one, reason="Again", by=cast.manager, at=WEDNESDAY)
    with pytest.raises(ValidationError):
        make_cost(cast.manager, 0)
    assert Cost.objects.count() == 3


def test_costs_come_from_a_file_once_and_what_is_in_the_ledger_stays(cast):
    make_campaign(cast.manager, name="Fair", channel="event")
    fields = {"external_id": "no", "month": "month", "category": "what", "campaign": "campaign", "amount": "amount"}

    def bring(*rows: str):
        text = "no,month,what,campaign,amount\n" + "\n".join(rows)
        batch = batches.stage(
            io.BytesIO(text.encode()), target="cost", file_name="costs.csv", by=cast.administrator, at=WEDNESDAY
        )
        batches.choose(batch, {"fields": fields}, at=WEDNESDAY)
        return run_batch(batch)

    first = bring("1,2026-04-30,media,Fair,100", "2,2026-04-02,salaries,,900", "3,2026-04-02,media,Fair,-5")
    stood = [("1", "2026-04-01", "event", 100), ("2", "2026-04-01", "", 900)]
    assert _ledger() == stood
    bring("1,2026-04-30,media,Fair,100", "2,2026-04-02,salaries,,901")
    assert _ledger() == stood
    undo(first)
    assert _ledger() == []


def _ledger() -> list[tuple]:
    rows = Cost.objects.order_by("external_id")
    return [(one.external_id, one.month.isoformat(), one.channel, int(one.amount)) for one in rows]


def test_the_first_touch_is_the_customers_own_and_the_last_what_was_answered_before(cast):
    fair, mail = make_campaign(cast.rep, name="Fair", channel="event"), make_campaign(cast.rep, name="Mail")
    late = make_campaign(cast.rep, name="Late")
    lead = make_lead(cast.rep, campaign="FAIR", channel="event")
    for campaign, day in ((fair, 1), (mail, 10), (late, 13)):
        campaigns.add_members([lead], campaign=campaign, by=cast.rep, at=WEDNESDAY)
        campaigns.note_state(campaign.members.all(), "responded", day=date(2026, 5, day), by=cast.rep, at=WEDNESDAY)
    lead = lead_conversion.convert(lead, by=cast.rep, at=WEDNESDAY)
    assert (lead.customer.channel, lead.customer.campaign) == ("event", "FAIR")
    sale = make_opportunity(cast.rep, customer=lead.customer, at=datetime(2026, 5, 12, 9, 0, tzinfo=UTC))
    first, last = attributed.first_touch(lead.customer), attributed.last_touch(sale, UTC)
    assert (first.channel, first.campaign) == ("event", fair)
    assert (last.campaign, last.day) == (mail, date(2026, 5, 10))
    assert attributed.last_touch(make_opportunity(cast.rep), UTC) is None
    make_cost(cast.manager, 400, campaign=fair)
    results = attributed.results_of(fair, cast.manager, date(2026, 5, 13), UTC)
    assert (results.leads, results.converted, results.customers) == (1, 1, 1)
    assert results.open == [Money(Decimal("1000.00"), "USD")]
    spending = attributed.spending_of(fair, results, cast.manager)
    assert (spending.cost_per_customer, spending.upper_return) == (Money(Decimal(400), "USD"), -1.0)
    assert attributed.results_of(fair, cast.outsider, date(2026, 5, 13), UTC).customers == 0
    _buys(cast, lead.customer)
    results = attributed.results_of(fair, cast.manager, date(2026, 5, 13), UTC)
    assert [(one.amount, one.currency) for one in results.ordered] == [(Decimal("450.00"), "USD")]
    assert attributed.spending_of(fair, results, cast.manager).upper_return == 0.125


def _buys(cast, customer):
    """600 without an opportunity, of which 150 came back; an order of a sale that is open counts for nothing yet."""
    alone = make_order(cast.rep, customer=customer, amount=Decimal(600))
    of_a_sale = make_order(cast.rep, customer=customer, opportunity=make_opportunity(cast.rep, customer=customer))
    for order in (alone, of_a_sale):
        order_returns.note(order, lines=[], reason=return_reason(), amount=Decimal(150), at=WEDNESDAY, by=cast.manager)


def test_a_manager_plans_addresses_and_counts_a_campaign_on_its_page(as_manager, cast):
    address = reverse("campaign-new")
    said = {"name": "Fair", "channel": "event", "state": "running", "budget": "1000", "currency": "usd"}
    assert as_manager.get(address).status_code == 200
    assert as_manager.post(address, {**said, "starts": "2026-05-02", "ends": "2026-05-01"}).status_code == 422
    assert not Campaign.objects.exists()
    as_manager.post(address, said)
    campaign = Campaign.objects.get()
    contact = make_contact(cast.rep, name="Clara Contact", email="clara@example.com")
    hidden = make_contact(cast.outsider, name="Hidden Harry")
    campaigns.add_members([hidden], campaign=campaign, by=cast.outsider, at=timezone.now())
    new = reverse("campaign-member-new", args=[campaign.pk])
    assert as_manager.post(new, {"person": "Hidden Harry"}).status_code == 422
    assert as_manager.post(new, {"person": "clara@example.com"}).status_code == 302
    seen, other = campaign.members.get(contact=contact), campaign.members.get(contact=hidden)
    noting = reverse("campaign-members", args=[campaign.pk])
    as_manager.post(noting, {"members": [seen.pk, other.pk], "state": "sent"})
    assert not CampaignMember.objects.filter(state="sent").exists()
    as_manager.post(noting, {"members": [seen.pk], "state": "responded", "day": "2026-05-10"})
    as_manager.post(reverse("cost-new"), {"month": "2026-05-10", "category": "media", "amount": "1200",
                                          "campaign": campaign.pk})  # fmt: skip
    page = as_manager.get(campaign.get_absolute_url()).content.decode()
    for words in ("Clara Contact", "1 is hidden from you", "Over the budget by", "$200.00", "New campaign: Fair"):
        assert words in page, words
    assert "Hidden Harry" not in page
    for kind, model in (("contact", contact), ("lead", make_lead(cast.rep))):
        bulk = reverse(f"{kind}-list-bulk", args=["add-to-campaign"])
        as_manager.post(bulk, {"ids": [model.pk], "confirmed": "1", "campaign": campaign.pk})
        assert campaign.members.filter(**{kind: model}).exists(), kind


def test_a_rep_sees_campaigns_but_neither_costs_nor_how_to_change_them(client, cast):
    campaign = make_campaign(cast.manager, budget=100)
    cost = make_cost(cast.manager, 70, campaign=campaign)
    client.force_login(cast.rep)
    page = client.get(campaign.get_absolute_url()).content.decode()
    assert "$100.00" in page
    assert "$70.00" not in page
    assert client.get(reverse("campaign-edit", args=[campaign.pk])).status_code == 403
    assert client.get(cost.get_absolute_url()).status_code == 404
    assert client.get(reverse("cost-list")).status_code == 403
    assert client.get("/api/v1/costs/").status_code == 403
    client.force_login(cast.manager)
    api = f"/api/v1/costs/{cost.pk}/"
    assert client.patch(api, {"amount": "1"}, "application/json").status_code == 405
    assert client.post(f"{api}taking-back/", {"reason": "Twice"}, "application/json").status_code == 201
    assert client.post(f"{api}taking-back/", {"reason": "Twice"}, "application/json").status_code == 400
    assert Cost.objects.get(corrects=cost).amount == -70


def test_on_the_page_who_answered_stands_first(as_manager, cast):
    campaign = make_campaign(cast.rep)
    people = [make_contact(cast.rep, name=name) for name in ("Waiting", "Late Answer", "Early Answer")]
    campaigns.add_members(people, campaign=campaign, by=cast.rep, at=WEDNESDAY)
    for person, day in zip(people[1:], (date(2026, 3, 4), date(2026, 3, 2)), strict=True):
        member = campaign.members.filter(contact=person)
        campaigns.note_state(member, "responded", day=day, by=cast.rep, at=WEDNESDAY)
    shown = as_manager.get(campaign.get_absolute_url()).context["members"]
    assert [str(member.contact) for member in shown] == ["Late Answer", "Early Answer", "Waiting"]
