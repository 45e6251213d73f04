"""Somebody who sees contacts for several reasons: their own, their team's, those at customers they may see."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import User
from crm.web.lists import ways
from crm.web.lists.paging import Count, Order, Pager
from customers.models import Contact, Customer
from tests.factories.customers import make_contact, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts(cast, now):
    """One for each reason, one for two of them, one that is nobody's business, one in the bin."""
    make_contact(cast.rep, "1 own")
    make_contact(cast.teammate, "2 of the team")
    make_contact(cast.outsider, "3 at an own customer", customer=make_customer(cast.rep, "Mine"))
    make_contact(cast.outsider, "4 at one of the team", customer=make_customer(cast.teammate, "Ours"))
    make_contact(cast.rep, "5 own at an own customer", customer=make_customer(cast.rep, "Mine too"))
    make_contact(cast.outsider, "6 a stranger", customer=make_customer(cast.outsider, "Theirs"))
    make_contact(cast.rep, "7 in the bin")
    Contact.objects.filter(name="7 in the bin").update(deleted_at=now)
    return Contact.objects.visible_to(User.objects.get(pk=cast.rep.pk))


SEEN = ["1 own", "2 of the team", "3 at an own customer", "4 at one of the team", "5 own at an own customer"]


@pytest.mark.parametrize("path", ["name", "updated_at", "email"])
def test_each_reason_is_asked_alone_and_brings_each_contact_once(contacts, path):
    rows = Pager(contacts, Order(path, path, False), 50).page().rows

    assert len(ways.separate(contacts, path)) == 4
    assert sorted(row.name for row in rows) == SEEN
    assert rows == list(contacts.order_by(path, "pk"))


@pytest.mark.parametrize(("most", "counted"), [(1, 1), (2, 2), (4, 4), (5, 5), (6, 5), (10_001, 5)])
def test_they_are_counted_by_reason_and_as_far_as_asked(contacts, most, counted):
    assert ways.count(contacts, most) == counted


def test_what_is_counted_is_narrowed_as_the_list_is(contacts):
    assert Count.of(contacts.filter(name__startswith="4")).value == 1
    assert Count.of(contacts.filter(name__startswith="6")).value == 0
    assert Count.of(contacts.filter(pk__in=[])).value == 0


def test_reading_by_one_reason_leaves_an_earlier_question_in_force(contacts, cast):
    """What may be edited is less than what may be seen: no way of seeing leads around that."""
    rep = User.objects.get(pk=cast.rep.pk)
    both = Contact.objects.editable_by(rep).visible_to(rep)
    editable = set(Contact.objects.editable_by(rep).values_list("name", flat=True))
    assert 0 < len(editable) < len(SEEN)

    reached = {name for way in both.ways for name in both.by_way(way).values_list("name", flat=True)}

    assert reached == editable
    assert ways.count(both, 100) == len(editable)


def test_rows_brought_together_are_not_read_by_the_reasons_of_one(contacts, cast):
    outsider = User.objects.get(pk=cast.outsider.pk)
    theirs = Contact.objects.visible_to(outsider)

    assert (contacts & theirs).ways == (contacts | theirs).ways == ()
    assert Count.of(contacts & theirs).value == len(set(contacts) & set(theirs))


def test_one_reason_alone_does_not_ask_the_others(cast):
    rep = User.objects.get(pk=cast.rep.pk)
    visible = Customer.objects.visible_to(rep)

    own = str(visible.by_way(visible.ways[0]).values("pk").query)

    assert '"team_id"' not in own
    assert '"deleted_at" IS NULL' in own


@pytest.mark.parametrize(("most", "counted"), [(1, 1), (2, 2), (3, 3), (4, 3), (10_001, 3)])
def test_customers_of_ones_own_and_of_the_team_are_counted_by_the_team_first(cast, most, counted):
    """The rep's own customer stands with another team, so that the team alone has two."""
    make_customer(cast.rep, "Mine", team=cast.outsider.team)
    make_customer(cast.teammate, "Ours")
    make_customer(cast.rep, "Mine and ours")
    make_customer(cast.outsider, "Theirs")
    rows = Customer.objects.visible_to(User.objects.get(pk=cast.rep.pk))
    with CaptureQueriesContext(connection) as asked:
        assert ways.count(rows, most) == counted
    assert [query["sql"].startswith("SELECT CASE WHEN") for query in asked] == [True]
    assert ways.count(rows.filter(name="Ours"), most) == 1
