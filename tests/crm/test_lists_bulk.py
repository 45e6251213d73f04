import pytest

from crm.models import Event
from customers.models import Customer
from tests.crm.lists_rows import make_customers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.crm.lists_urls")]
ADDRESS = "/sample/bulk/assign/"


@pytest.fixture
def rows(client, cast, now):
    """Twelve of the manager's team and two the manager cannot see; the manager is signed in."""
    make_customers(2, cast.outsider, now, name="Theirs")
    client.force_login(cast.manager)
    return make_customers(12, cast.rep, now)


def owned_by(person):
    return Customer.objects.filter(owner=person).count()


def test_the_dialog_shows_what_would_change_and_changes_nothing(client, cast, rows):
    page = client.post(ADDRESS, {"row": [rows[0].pk, rows[1].pk]})

    assert page.status_code == 200
    assert (page.context["count"], page.context["skipped"]) == (2, 0)
    assert page.context["examples"] == ["C 00", "C 01"]
    assert owned_by(cast.rep) == 12


def test_confirming_changes_exactly_the_rows_shown_with_an_event_each(client, cast, rows):
    ids = f"{rows[0].pk},{rows[1].pk}"

    answer = client.post(
        ADDRESS, {"ids": ids, "confirmed": "1", "owner": cast.teammate.pk, "query": "sort=name&lifecycle=prospect"}
    )

    assert answer["Location"] == "/sample/?lifecycle=prospect&sort=name"
    assert owned_by(cast.teammate) == 2
    assert Event.objects.filter(type="customer.handed_over", by=cast.manager).count() == 2


def test_everything_that_matches_is_taken_from_the_filters_not_from_the_page(client, cast, rows):
    Customer.objects.filter(pk=rows[3].pk).update(lifecycle="active")

    page = client.post(ADDRESS, {"all_matching": "1", "query": "lifecycle=prospect", "row": [rows[0].pk]})

    assert page.context["count"] == 11
    assert str(rows[3].pk) not in page.context["ids"].split(",")


def test_everything_that_matches_stops_at_the_limit_and_says_so(client, cast, rows, monkeypatch):
    monkeypatch.setattr("crm.web.lists.bulk_views.LIMIT", 5)

    page = client.post(ADDRESS, {"all_matching": "1", "query": ""})

    assert page.context["count"] == 5
    assert "these are the first 5. Filter the list to reach the others." in page.content.decode()
    assert "Filter the list" not in client.post(ADDRESS, {"row": [row.pk for row in rows[:5]]}).content.decode()


def test_rows_of_others_are_left_out_however_they_are_asked_for(client, cast, rows):
    theirs = Customer.objects.get(name="Theirs 00")
    everything = ",".join(str(row.pk) for row in [*rows, theirs])

    page = client.post(ADDRESS, {"row": [theirs.pk, rows[0].pk]})
    client.post(ADDRESS, {"ids": everything, "confirmed": "1", "owner": cast.teammate.pk})

    assert (page.context["count"], page.context["skipped"]) == (1, 1)
    assert "Theirs" not in page.content.decode()
    theirs.refresh_from_db()
    assert theirs.owner == cast.outsider
    assert owned_by(cast.teammate) == 12


def test_a_role_without_the_verb_is_refused_and_nothing_changes(client, cast, rows):
    client.force_login(cast.rep)

    answer = client.post(ADDRESS, {"ids": str(rows[0].pk), "confirmed": "1", "owner": cast.teammate.pk})

    assert answer.status_code == 403
    assert owned_by(cast.teammate) == 0


def test_a_form_with_an_error_stays_in_the_dialog_and_changes_nothing(client, cast, rows):
    answer = client.post(ADDRESS, {"ids": str(rows[0].pk), "confirmed": "1", "owner": ""})

    assert answer.status_code == 422
    assert answer.context["ids"] == str(rows[0].pk)
    assert owned_by(cast.rep) == 12


def test_an_action_nobody_declared_is_not_there(client, rows):
    assert client.post("/sample/bulk/delete/", {"row": [rows[0].pk]}).status_code == 404


@pytest.mark.parametrize("chosen", [{"row": ["x", "-1", "1;2", ""]}, {"ids": "a,b,,9" + "9" * 30}, {}])
def test_a_garbled_selection_selects_nothing(client, rows, chosen):
    page = client.post(ADDRESS, chosen)

    assert page.status_code == 200
    assert page.context["count"] == 0


def test_the_address_alone_leads_back_to_the_list(client, rows):
    assert client.get(ADDRESS)["Location"] == "/sample/"


def test_one_failure_undoes_all_of_it(client, cast, rows, monkeypatch):
    from tests.crm import lists_urls

    def fails_at_the_third(records_, *, by, at, owner):
        lists_urls.hand_over(records_[:2], by=by, at=at, owner=owner)
        raise RuntimeError("the third")

    action = lists_urls.SampleList.bulk_actions[0]
    monkeypatch.setattr(
        lists_urls.SampleList, "bulk_actions", [type(action)(**{**action.__dict__, "run": fails_at_the_third})]
    )

    with pytest.raises(RuntimeError):
        client.post(ADDRESS, {"ids": f"{rows[0].pk},{rows[1].pk}", "confirmed": "1", "owner": cast.teammate.pk})

    assert owned_by(cast.rep) == 12
