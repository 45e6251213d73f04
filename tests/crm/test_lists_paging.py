import pytest
from django.core import signing

from crm.models import User
from crm.web.lists import List, paging, ways
from customers.models import Collaborator, Customer
from tests.crm.lists_rows import make_customers, walk

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.lists_urls")]


@pytest.fixture
def rep(client, cast):
    client.force_login(cast.rep)
    return cast.rep


def test_every_row_is_listed_once_forwards_and_backwards(client, rep, now):
    make_customers(35, rep, now)

    forth, back = walk(client, "/sample/?sort=name")

    assert forth == [f"C {n:02}" for n in range(35)]
    assert back[-25:] == forth[-25:]


def test_rows_with_the_same_value_are_neither_lost_nor_doubled(client, rep, now):
    make_customers(25, rep, now)
    Customer.objects.update(updated_at=now)

    forth, _back = walk(client, "/sample/?sort=-updated_at")

    assert sorted(forth) == [f"C {n:02}" for n in range(25)]


@pytest.mark.parametrize("sort", ["founded", "-founded", "annual_revenue", "-annual_revenue", "last_activity_at"])
def test_rows_without_a_value_come_last_in_both_directions(client, rep, now, sort):
    for place, customer in enumerate(make_customers(27, rep, now)):
        if place % 3:
            Customer.objects.filter(pk=customer.pk).update(
                founded=1900 + place, annual_revenue=place, last_activity_at=now
            )

    forth, back = walk(client, f"/sample/?sort={sort}")

    path = sort.removeprefix("-")
    empty = set(Customer.objects.filter(**{f"{path}__isnull": True}).values_list("name", flat=True))
    assert len(forth) == 27
    assert set(forth[-9:]) == empty
    assert back == forth or back[-17:] == forth[-17:]


def test_a_person_can_be_sorted_by_although_some_rows_have_nobody(client, cast, now):
    make_customers(4, cast.rep, now, name="R")
    make_customers(4, cast.teammate, now, name="T")
    make_customers(3, None, now, name="N")
    client.force_login(cast.administrator)

    forth, _back = walk(client, "/sample/?sort=-owner")

    assert [name[0] for name in forth] == ["T"] * 4 + ["R"] * 4 + ["N"] * 3


def test_going_back_to_the_beginning_gives_a_full_first_page(client, rep, now):
    rows = make_customers(15, rep, now)
    second = client.get(client.get("/sample/?sort=name").context["list"].after_url).context["list"]
    Customer.objects.filter(pk__in=[row.pk for row in rows[:7]]).update(deleted_at=now)

    first = client.get(second.before_url).context["list"]

    assert first.page.is_first
    assert [row.label for row in first.rows] == [f"C {n:02}" for n in range(7, 15)]


@pytest.mark.parametrize("cursor", ["x", "", "eyJ", "a:b:c", "\x00", "x" * 5000])
def test_a_garbled_place_is_the_first_page(client, rep, now, cursor):
    make_customers(15, rep, now)

    for side in ("after", "before"):
        page = client.get("/sample/", {side: cursor})
        assert page.status_code == 200
        assert page.context["list"].page.is_first
        assert page.context["list"].page.notice == bool(cursor)


def test_a_place_of_another_order_is_the_first_page_with_a_notice(client, rep, now):
    make_customers(15, rep, now)
    after = client.get("/sample/?sort=name").context["list"].page.after

    page = client.get("/sample/", {"sort": "-founded", "after": after})

    assert page.context["list"].page.notice
    assert "You see the first page" in page.content.decode()


@pytest.mark.parametrize("content", [["name", 5, "x"], ["name"], {"a": 1}, None, ["-updated_at", "no date", 1], 7])
def test_a_signed_place_that_makes_no_sense_is_the_first_page(client, rep, now, content):
    make_customers(15, rep, now)

    page = client.get("/sample/", {"after": signing.dumps(content, salt=paging.SALT)})

    assert page.status_code == 200
    assert page.context["list"].page.notice


@pytest.mark.parametrize("sort", ["password", "owner__password", "-team__name", "pk; drop", "?", "", "deleted_at"])
def test_an_order_nobody_declared_is_the_usual_one(client, rep, now, sort):
    make_customers(3, rep, now)

    page = client.get("/sample/", {"sort": sort})

    assert page.context["list"].state.sort == "-updated_at"
    assert [row.label for row in page.context["list"].rows] == ["C 02", "C 01", "C 00"]


def test_the_count_is_exact_up_to_ten_thousand_and_then_says_plus(client, rep, now, monkeypatch):
    make_customers(12, rep, now)
    assert client.get("/sample/").context["list"].count_text == "12 records"

    monkeypatch.setattr(List, "counted", 10)
    assert client.get("/sample/").context["list"].count_text == "10+ records"


def test_the_place_carries_no_more_than_the_row_shows(client, rep, now):
    make_customers(15, rep, now)
    after = client.get("/sample/?sort=name").context["list"].page.after

    assert signing.loads(after, salt=paging.SALT) == ["name", "c 09", Customer.objects.get(name="C 09").pk]


def test_only_a_join_to_many_rows_needs_each_row_once():
    """Filters of several values say DISTINCT always; it compares whole rows, and counting takes three times as long."""
    forward = User.objects.filter(team__name="North").distinct()
    backward = User.objects.filter(roles__code="sales_rep").distinct()
    assert not paging.once_each(forward).query.distinct
    assert forward.query.distinct  # the one it came from is left as it is
    assert paging.once_each(backward).query.distinct
    assert paging.once_each(User.objects.order_by("team").distinct("team")).query.distinct


def test_whoever_sees_rows_for_several_reasons_gets_each_once_in_the_order_of_all(client, cast, now):
    """Own rows, the team's, and one of a stranger's they collaborate on: asked for one after the other."""
    make_customers(9, cast.rep, now, name="Mine")
    make_customers(9, cast.teammate, now, name="Team")
    strange = make_customers(9, cast.outsider, now, name="Other")
    Collaborator.objects.create(customer=strange[4], user=cast.rep, added_at=now)
    client.force_login(cast.rep)
    visible = Customer.objects.visible_to(cast.rep)
    newest = list(visible.order_by("-updated_at", "-pk").values_list("name", flat=True))

    forth, back = walk(client, "/sample/?sort=-updated_at")

    assert len(ways.separate(visible, "updated_at")) == 3
    assert forth == newest == back
    assert len(forth) == 19
    assert "Other 04" in forth


def test_a_reason_without_an_index_in_the_order_asked_for_is_not_asked_alone(cast, now):
    visible = Customer.objects.visible_to(cast.rep)

    assert ways.separate(visible, "sort_name") == []
    assert ways.separate(visible | Customer.objects.none(), "updated_at") == []
    assert ways.separate(Customer.objects.visible_to(cast.administrator), "updated_at") == []
