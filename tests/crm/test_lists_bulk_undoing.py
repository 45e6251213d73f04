"""Every bulk action of every list is taken back as one; what was changed since is named and stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from crm.actions import journal
from crm.models import Event, Operation
from customers.actions import customers, tags, tasks
from customers.models import Customer, Duplicate, Segment, SegmentMember
from customers.models.match_key import Strength
from customers.sales.actions import campaigns
from customers.sales.models import CampaignMember, LeadRule
from customers.sales.models.lead_rule import Giving
from service.actions import tickets
from service.models import Priority
from tests.factories.sales import (
    make_campaign,
    make_contract,
    make_customer,
    make_lead,
    make_opportunity,
    make_quote,
)
from tests.factories.service import a_contact, a_ticket, state

pytestmark = pytest.mark.django_db


def bulk(client, name, action, *records, **said):
    ids = ",".join(str(record.pk) for record in records)
    answer = client.post(reverse(f"{name}-bulk", args=[action]), {"confirmed": "1", "ids": ids, **said})
    assert answer.status_code == 302, answer.content.decode()
    return Operation.objects.order_by("-pk").first()


def undo(operation, by, **how):
    return journal.undo(operation, by=by, at=datetime.now(UTC), **how)


def fresh(record):
    return type(record)._base_manager.get(pk=record.pk)


@pytest.mark.parametrize(
    ("make", "name"),
    [(make_quote, "quote-list"), (make_contract, "contract-list"), (make_campaign, "campaign-list")],
)
def test_quotes_contracts_and_campaigns_go_back_to_who_had_them(client, cast, make, name):
    client.force_login(cast.manager)
    mine, moved = make(cast.rep), make(cast.rep)
    operation = bulk(client, name, "hand-over", mine, moved, owner=cast.teammate.pk)
    assert (fresh(mine).owner, operation.text) == (cast.teammate, f"Handed over to {cast.teammate}")

    type(mine).objects.filter(pk=moved.pk).update(owner=cast.manager)
    with pytest.raises(journal.Conflicts) as refused:
        undo(operation, cast.manager)
    assert [(each.label, each.reason) for each in refused.value.found] == [(str(moved), "Changed since: owner.")]
    assert fresh(mine).owner == cast.teammate
    undo(operation, cast.manager, rest=True)
    assert (fresh(mine).owner, fresh(moved).owner) == (cast.rep, cast.manager)


def test_tickets_resolved_at_once_are_open_again_as_they_were(client, cast, now):
    client.force_login(cast.service_manager)
    waiting, at_work = a_ticket(cast.agent, now), a_ticket(cast.agent, now)
    tickets.change_state(ticket=at_work, state=state("In progress"), by=cast.agent, at=now)
    before = [(fresh(one).state, fresh(one).waiting_since) for one in (waiting, at_work)]
    operation = bulk(client, "ticket-list", "resolve", waiting, at_work)
    assert (fresh(waiting).is_resolved, fresh(waiting).waiting_since) == (True, None)

    undo(operation, cast.service_manager)

    assert [(fresh(one).state, fresh(one).waiting_since) for one in (waiting, at_work)] == before
    assert (fresh(waiting).resolved_at, fresh(waiting).reopen_count) == (None, 1)
    assert Event.objects.filter(type="ticket.reopened").count() == 2


def test_priority_tags_and_owner_of_tickets_come_back(client, cast, now):
    client.force_login(cast.service_manager)
    ticket, tag = a_ticket(cast.agent, now), tags.named("Fair", by=cast.agent, at=now)
    due = ticket.resolution_due_at
    for action, said in (("edit", {"priority": Priority.URGENT.value}), ("tags", {"add": tag.pk})):
        bulk(client, "ticket-list", action, ticket, **said)
    assert (fresh(ticket).priority, fresh(ticket).tags) == (Priority.URGENT, [tag.pk])

    for operation in Operation.objects.order_by("-pk"):
        undo(operation, cast.service_manager)

    ticket = fresh(ticket)
    assert (ticket.priority, ticket.tags, ticket.resolution_due_at) == (Priority.NORMAL, [], due)


def test_what_was_claimed_is_in_the_pool_again(client, cast, now):
    client.force_login(cast.rep)
    free = make_customer(None, "Free")
    Customer.objects.filter(pk=free.pk).update(team=cast.north)
    operation = bulk(client, "pool-list", "claim", free)
    assert fresh(free).owner == cast.rep

    undo(operation, cast.rep)

    assert (fresh(free).owner, fresh(free).team) == (None, cast.north)


def test_leads_given_by_the_rules_wait_again_with_no_word_of_the_rule(client, cast, now):
    client.force_login(cast.manager)
    lead = make_lead(None, team=cast.north)
    LeadRule.objects.create(name="All", position=10, team=cast.north, giving=Giving.LOAD)
    operation = bulk(client, "lead-list", "assign", lead)
    assert fresh(lead).given["rule"] == "All"

    undo(operation, cast.manager)

    assert (fresh(lead).owner, fresh(lead).team, fresh(lead).given) == (None, cast.north, {})


def test_a_pair_said_to_be_two_is_proposed_again(client, cast, now):
    client.force_login(cast.rep)
    pair = Duplicate.objects.create(
        first=make_customer(cast.rep, "A"), second=make_customer(cast.rep, "B"), signs=[1], strength=Strength.CERTAIN,
        found_at=now,
    )  # fmt: skip
    operation = bulk(client, "duplicate-list", "dismissal", pair)
    assert fresh(pair).dismissed_by == cast.rep

    undo(operation, cast.rep)

    assert (fresh(pair).dismissed_at, fresh(pair).dismissed_by) == (None, None)
    assert Event.objects.filter(type="customer.maybe_a_duplicate", by=cast.rep).count() == 1


def test_who_was_added_to_a_segment_or_taken_out_is_where_they_were(client, cast, now):
    client.force_login(cast.rep)
    segment = Segment.objects.create(name="Fair", how="static", owner=cast.rep, team=cast.north)
    old, new = make_customer(cast.rep, "Old"), make_customer(cast.rep, "New")
    SegmentMember.objects.create(segment=segment, customer=old, added_at=now, added_by=cast.teammate)

    def members():
        return list(SegmentMember.objects.order_by("customer__name").values_list("customer__name", "added_by"))

    added = bulk(client, "customer-list", "segment", old, new, segment=segment.pk)
    assert (members(), added.count) == ([("New", cast.rep.pk), ("Old", cast.teammate.pk)], 1)
    undo(added, cast.rep)
    assert members() == [("Old", cast.teammate.pk)]
    removed = bulk(client, "customer-list", "segment-removal", old, new, segment=segment.pk)
    assert members() == []
    undo(removed, cast.rep)
    assert members() == [("Old", cast.teammate.pk)]
    assert SegmentMember.objects.get().added_at == now


def test_who_was_added_to_a_campaign_is_out_again_but_for_those_it_was_sent_to(client, cast, now):
    client.force_login(cast.rep)
    campaign = make_campaign(cast.rep)
    written, waiting = make_lead(cast.rep, "Written"), make_lead(cast.rep, "Waiting")
    operation = bulk(client, "lead-list", "add-to-campaign", written, waiting, campaign=campaign.pk)
    campaigns.note_addressed(CampaignMember.objects.get(lead=written), at=now)

    with pytest.raises(journal.Conflicts) as refused:
        undo(operation, cast.rep)
    assert [each.label for each in refused.value.found] == ["Written"]
    undo(operation, cast.rep, rest=True)

    assert [str(member) for member in campaign.members.all()] == ["Written"]
    assert Event.objects.get(type="campaign.members_removed").data == {"count": 1}


def a_task(title, owner, at, **said):
    return tasks.create(title=title, owner=owner, by=owner, at=at, **said)


@pytest.mark.parametrize("name", ["customer", "contact", "task", "lead", "opportunity", "ticket"])
def test_what_was_deleted_at_once_comes_out_of_the_bin_by_the_same_undo(client, cast, now, name):
    client.force_login(cast.administrator)
    make = {
        "customer": lambda: make_customer(cast.rep),
        "contact": lambda: a_contact(make_customer(cast.rep)),
        "lead": lambda: make_lead(cast.rep),
        "opportunity": lambda: make_opportunity(cast.rep, at=now, customer=make_customer(cast.rep)),
        "ticket": lambda: a_ticket(cast.agent, now),
        "task": lambda: a_task("Call", cast.rep, now),
    }[name]
    pair = [make(), make()]
    operation = bulk(client, f"{name}-list", "deletion", *pair)
    assert [fresh(one).is_in_bin for one in pair] == [True, True]

    answer = client.post(reverse("operation-undoing", args=[operation.pk]))

    assert answer.status_code == 302
    assert [fresh(one).is_in_bin for one in pair] == [False, False]


def test_one_that_cannot_come_back_is_named_and_the_others_come(client, cast, now):
    client.force_login(cast.administrator)
    gone = make_customer(cast.rep, "Gone")
    held, free = (a_task(title, cast.rep, now, customer=of) for title, of in (("Held", gone), ("Free", None)))
    operation = bulk(client, "task-list", "deletion", held, free)
    customers.delete(gone, by=cast.rep, at=now)

    answer = client.post(reverse("operation-undoing", args=[operation.pk]))
    page = answer.content.decode()
    assert (answer.status_code, "Held" in page, "Its customer is in the bin" in page) == (409, True, True)
    assert fresh(free).is_in_bin
    client.post(reverse("operation-undoing", args=[operation.pk]), {"rest": "1"})
    assert (fresh(held).is_in_bin, fresh(free).is_in_bin) == (True, False)
    assert [each["label"] for each in Operation.objects.get().kept] == ["Held"]
