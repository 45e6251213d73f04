import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.actions import journal
from crm.models.operation import Operation
from customers.actions import customers, tasks
from customers.models import Customer, Task
from tests.factories.customers import make_activity, make_contact, make_customer, make_task


def names(client, user, url_name, **query):
    client.force_login(user)
    answer = client.get(reverse(url_name), query)
    assert answer.status_code == 200
    return [str(row) for row in answer.context["list"].source.matching(answer.context["list"].state)[0].order_by("pk")]


@pytest.fixture
def some(cast, now):
    """Three customers that differ in everything one filters by."""
    active = make_customer(cast.rep, "Active", lifecycle="active", tier="A", channel="referral")
    churned = make_customer(cast.junior, "Churned", lifecycle="churned", tier="C", at=now)
    make_customer(cast.teammate, "Prospect", channel="website")
    customers.rate({active.pk: 80, churned.pk: 12})
    make_activity(cast.rep, active, at=now)
    return active


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Active", "Churned", "Prospect"]),
        ({"lifecycle": ["active", "churned"]}, ["Active", "Churned"]),
        ({"tier": "C"}, ["Churned"]),
        ({"channel": "website"}, ["Prospect"]),
        ({"health": "good"}, ["Active"]),
        ({"health": "poor"}, ["Churned"]),
        ({"created_since": "2026-05-10"}, ["Churned"]),
        ({"created_until": "2026-05-01"}, ["Active", "Prospect"]),
        ({"active_since": "2026-05-13"}, ["Active"]),
        ({"quiet_since": "2026-05-13"}, ["Churned", "Prospect"]),
    ],
)
def test_customers_are_narrowed_by(client, cast, some, query, found):
    assert names(client, cast.manager, "customer-list", **query) == found


def test_a_team_means_the_teams_below_it_too(client, cast, some):
    assert names(client, cast.manager, "customer-list", team=cast.north.pk) == ["Active", "Churned", "Prospect"]
    assert names(client, cast.manager, "customer-list", team=cast.north_inside.pk) == ["Churned"]


def test_an_owner_is_one_person(client, cast, some):
    assert names(client, cast.manager, "customer-list", owner=cast.rep.pk) == ["Active"]


def test_my_tasks_are_mine_and_open(client, cast, now):
    make_task(cast.rep, "Mine")
    make_task(cast.teammate, "Theirs")
    tasks.complete(make_task(cast.rep, "Done"), by=cast.rep, at=now)
    assert names(client, cast.rep, "task-list", mine="true", state="open") == ["Mine"]
    assert names(client, cast.rep, "task-list", mine="true", state="done") == ["Done"]
    assert names(client, cast.rep, "task-list", state="open") == ["Mine", "Theirs"]


def test_many_customers_are_handed_over_at_once_each_with_its_tasks(client, cast, some):
    make_task(cast.rep, customer=some)
    mine = Customer.objects.get(name="Prospect")
    client.force_login(cast.manager)
    url = reverse("customer-list-bulk", kwargs={"action": "hand-over"})
    values = {"ids": f"{some.pk},{mine.pk}", "confirmed": "1", "to": cast.junior.pk, "with_open_work": "on"}
    values["query"] = "sort=name"
    page = client.post(url, values, follow=True).content.decode()
    assert Customer.objects.filter(owner=cast.junior).count() == 3
    assert Task.objects.get().owner == cast.junior
    undoing = reverse("operation-undoing", args=[Operation.objects.get().pk])
    undo = re.search(rf'action="({undoing}\?back=[^"]+)"', page)[1]  # the toast takes it back as one
    answer = client.post(undo)
    assert answer["Location"].startswith(f"{reverse('customer-list')}?")  # and one is where one was
    assert "sort=name" in answer["Location"]
    assert Customer.objects.filter(owner=cast.junior).count() == 1


def test_what_was_changed_since_is_found_by_as_few_queries_for_many_records_as_for_two(cast, now):
    def handed_over(count):
        many = [make_customer(cast.rep, f"Customer {number}", at=now) for number in range(count)]
        rows = Customer.objects.filter(pk__in=[each.pk for each in many])
        customers.hand_over_many(rows, to=cast.teammate, with_open_work=False, by=cast.manager, at=now)
        return many, Operation.objects.latest("pk")

    def asked(operation):
        with CaptureQueriesContext(connection) as queries:
            found = journal.conflicts(operation)
        return [(each.pk, str(each.reason)) for each in found], len(queries)

    _few, small = handed_over(2)
    many, large = handed_over(20)
    assert asked(large) == ([], asked(small)[1])
    customers.hand_over(many[3], to=cast.junior, with_open_work=False, by=cast.manager, at=now)
    customers.update(many[5], {"city": "Leeds"}, by=cast.manager, at=now)  # not what the operation changed
    large.parts.filter(ids=[many[7].pk]).update(ids=[0])  # as if it were gone
    found = [(many[3].pk, "Changed since: owner."), (0, "It no longer exists.")]
    assert asked(large) == (found, asked(small)[1])


def test_a_rep_hands_nothing_over(client, cast, some):
    client.force_login(cast.rep)
    url = reverse("customer-list-bulk", kwargs={"action": "hand-over"})
    answer = client.post(url, {"ids": str(some.pk), "confirmed": "1", "to": cast.teammate.pk})
    assert answer.status_code == 403
    some.refresh_from_db()
    assert some.owner == cast.rep


@pytest.mark.parametrize("kind", ["customer", "contact", "activity", "task"])
def test_a_longer_list_needs_no_more_queries(client, cast, kind):
    def grow(times):
        for number in range(times):
            customer = make_customer(cast.rep, f"Customer {number}")
            make_contact(cast.teammate, f"Person {number}", customer=customer)
            make_activity(cast.rep, customer)
            make_task(cast.rep, customer=customer)

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"{kind}-list")).status_code == 200
        return len(captured)

    client.force_login(cast.manager)
    grow(2)
    count()
    few = count()
    grow(8)
    assert count() == few
    assert few <= 18  # of which six are the sign-in and its session
