"""Fields of many changed at once and taken back as one; many deleted at once, and found in the bin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from crm.actions import journal
from crm.models import Event, Operation
from customers.actions import tasks
from customers.models import Customer, Task
from customers.sales.models import Opportunity
from service.models import Priority, Ticket
from tests.factories.sales import make_customer, make_opportunity
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db


def chosen(*records) -> str:
    return ",".join(str(record.pk) for record in records)


@pytest.fixture
def three(cast, client):
    """Three customers of the rep's and one of another team's; the manager is signed in."""
    client.force_login(cast.manager)
    return [make_customer(cast.rep, name, tier="C", industry="retail") for name in "ABC"]


def test_what_is_left_empty_stays_and_all_of_it_is_taken_back_as_one(client, cast, three, now):
    stranger = make_customer(cast.outsider, "D", tier="C")
    page = client.post("/customers/bulk/edit/", {"row": [each.pk for each in three]})
    assert "leave as it is" in page.content.decode()
    assert Event.objects.filter(type="customer.updated").count() == 0

    answer = client.post(
        "/customers/bulk/edit/", {"confirmed": "1", "ids": chosen(*three, stranger), "tier": "A", "industry": ""}
    )

    assert answer.status_code == 302
    said = list(Customer.objects.order_by("name").values_list("name", "tier", "industry"))
    assert said == [("A", "A", "retail"), ("B", "A", "retail"), ("C", "A", "retail"), ("D", "C", "")]
    assert Event.objects.filter(type="customer.updated", by=cast.manager).count() == 3
    journal.undo(Operation.objects.get(), by=cast.manager, at=now)
    assert set(Customer.objects.values_list("tier", flat=True)) == {"C"}


def test_saying_nothing_or_nonsense_changes_nothing(client, cast, three):
    for said in ({}, {"tier": "Z"}):
        answer = client.post("/customers/bulk/edit/", {"confirmed": "1", "ids": chosen(*three), **said})
        assert answer.status_code == 422
    assert set(Customer.objects.values_list("tier", flat=True)) == {"C"}
    assert not Operation.objects.exists()


def test_one_that_refuses_is_named_and_none_is_changed(client, cast, now):
    client.force_login(cast.manager)
    long, meeting = (tasks.create(title=title, owner=cast.rep, by=cast.rep, at=now) for title in ("Write", "Meet"))
    Task.objects.filter(pk=meeting.pk).update(starts_at=now, due_at=now + timedelta(hours=1))

    answer = client.post(
        "/tasks/bulk/edit/", {"confirmed": "1", "ids": chosen(long, meeting), "due_at": "2020-01-01T10:00"}, follow=True
    )

    assert "Meet" in answer.content.decode()
    assert Task.objects.get(pk=long.pk).due_at is None


def test_a_new_closing_day_is_part_of_each_ones_history_also_when_it_is_taken_back(client, cast, now):
    client.force_login(cast.manager)
    sale = make_opportunity(cast.rep, at=now, customer=make_customer(cast.rep), expected_close=date(2026, 6, 1))

    asked = client.post("/sales/opportunities/bulk/edit/", {"row": [sale.pk]}).content.decode()
    assert '<input type="date" name="expected_close"' in asked

    client.post(
        "/sales/opportunities/bulk/edit/", {"confirmed": "1", "ids": chosen(sale), "expected_close": "2026-07-01"}
    )
    assert Opportunity.objects.get().expected_close == date(2026, 7, 1)
    assert sale.stage_changes.latest("pk").expected_close == date(2026, 7, 1)

    journal.undo(Operation.objects.get(), by=cast.manager, at=datetime.now(UTC))
    assert Opportunity.objects.get().expected_close == date(2026, 6, 1)
    assert sale.stage_changes.latest("pk").expected_close == date(2026, 6, 1)


def test_tickets_get_the_deadlines_of_their_new_priority(client, cast, now):
    client.force_login(cast.service_manager)
    ticket = a_ticket(cast.agent, now)
    before = ticket.resolution_due_at

    said = {"confirmed": "1", "ids": chosen(ticket), "priority": Priority.URGENT.value}
    client.post(reverse("ticket-list-bulk", args=["edit"]), said)

    ticket = Ticket.objects.get()
    assert ticket.priority == Priority.URGENT
    assert ticket.resolution_due_at < before


def test_what_is_deleted_at_once_is_in_the_bin_and_comes_back(client, cast, three):
    kept = make_customer(cast.outsider, "D")

    answer = client.post("/customers/bulk/deletion/", {"confirmed": "1", "ids": chosen(*three, kept)}, follow=True)

    assert "Put into the bin: 3." in answer.content.decode()
    assert list(Customer.objects.alive().values_list("name", flat=True)) == ["D"]
    client.post(f"/customers/{three[0].pk}/restoration/")
    assert list(Customer.objects.alive().order_by("name").values_list("name", flat=True)) == ["A", "D"]


def test_whoever_may_not_delete_is_not_offered_it_and_deletes_nothing(client, cast, three):
    client.force_login(cast.analyst)

    assert client.post("/customers/bulk/deletion/", {"confirmed": "1", "ids": chosen(*three)}).status_code == 403
    assert "bulk/deletion" not in client.get("/customers/").content.decode()
    assert Customer.objects.alive().count() == 3
