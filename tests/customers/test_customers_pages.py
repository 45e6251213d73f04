"""Every page of the app opens for whoever may, in both forms: whole and as a part."""

import re

import pytest
from django.urls import reverse

from customers.actions import contacts, customers
from customers.models import Customer, Tag
from tests.factories.customers import make_activity, make_contact, make_customer, make_task

DIALOG = {"HX-Request": "true", "HX-Target": "dialog#dialog"}


@pytest.fixture
def graph(cast):
    """A customer of the rep with one of everything."""
    customer = make_customer(cast.rep, "Acme Ltd", phone="+442079460958", city="London")
    contact = make_contact(cast.rep, customer=customer, role="purchasing")
    contacts.set_main(contact, customer=customer, by=cast.rep, at=customer.created_at)
    activity = make_activity(cast.rep, customer, "Asked about the offer", contacts=[contact], outcome="positive")
    task = make_task(cast.rep, "Send the offer", customer=customer, contact=contact)
    return {"customer": customer, "contact": contact, "activity": activity, "task": task}


def page(client, user, name, *args, query="", **headers):
    client.force_login(user)
    return client.get(reverse(name, args=args) + query, headers=headers or None)


@pytest.mark.parametrize("kind", ["customer", "contact", "activity", "task"])
@pytest.mark.parametrize("who", ["rep", "administrator"])
def test_list_page_and_forms_open_for_whoever_may(client, cast, graph, kind, who):
    user, pk = getattr(cast, who), graph[kind].pk
    for name, args in [("list", []), ("new", []), ("detail", [pk]), ("edit", [pk]), ("delete", [pk])]:
        assert page(client, user, f"{kind}-{name}", *args).status_code == 200, name
    for name, args in [("new", []), ("edit", [pk]), ("delete", [pk])]:
        answer = page(client, user, f"{kind}-{name}", *args, **DIALOG)
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()


def test_the_page_of_a_customer_tells_its_story(client, cast, graph):
    text = page(client, cast.rep, "customer-detail", graph["customer"].pk).content.decode()
    assert "Acme Ltd" in text
    assert "+44 20 7946 0958" in text
    for sentence in ["Customer created", "New contact: Carla Contact", "Asked about the offer"]:
        assert sentence in text


def test_what_tells_of_the_last_activity_comes_anew_by_itself(client, cast, graph):
    client.force_login(cast.rep)
    headers = {"HX-Request": "true", "HX-Target": "section#customer-facts"}
    text = client.get(graph["customer"].get_absolute_url(), headers=headers).content.decode()
    assert 'hx-trigger="activity-logged from:body"' in text
    assert 'id="customer-standing" hx-swap-oob="true"' in text
    assert ("Last activity" in text, "<html" in text, "Customer created" in text) == (True, False, False)


def test_of_many_tags_a_few_stand_on_top_and_the_others_open(client, cast, graph):
    tags = [Tag.objects.create(name=f"Fair {number}", key=f"fair {number}").pk for number in range(9)]
    for held, more in ((tags, "<summary>3 more tags</summary>"), (tags[:6], None)):
        Customer.objects.filter(pk=graph["customer"].pk).update(tags=held)
        text = page(client, cast.rep, "customer-detail", graph["customer"].pk).content.decode()
        assert [f"Fair {number}" in text for number in range(9)] == [number < len(held) for number in range(9)]
        assert ("more tag" not in text) if more is None else (more in text)


def test_numbers_to_choose_from_in_a_merge_are_grouped_and_years_are_not(client, cast, graph):
    other = make_customer(cast.rep, "Acme North", employees=1399, founded=1984)
    text = page(client, cast.rep, "customer-merge", graph["customer"].pk, other.pk).content.decode()
    assert ("1,399" in text, "1399" in text, "1984" in text) == (True, False, True)


@pytest.mark.parametrize(
    ("only", "shown", "hidden"),
    [
        ("activity", "Asked about the offer", "To do: Send the offer"),
        ("task", "To do: Send the offer", "Asked about the offer"),
        ("customer", "Customer created", "To do: Send the offer"),
    ],
)
def test_the_story_can_be_narrowed_to_one_kind(client, cast, graph, only, shown, hidden):
    text = page(client, cast.rep, "customer-timeline", graph["customer"].pk, query=f"?only={only}").content.decode()
    assert shown in text
    assert hidden not in text


def test_older_entries_come_by_themselves_and_each_once(client, cast, graph):
    customer = graph["customer"]
    for number in range(25):
        make_activity(cast.rep, customer, f"Call number {number:02}.")
    part = {"HX-Request": "true"}
    first = page(client, cast.rep, "customer-timeline", customer.pk, query="?only=activity", **part).content.decode()
    assert first.count("Call number") == 20
    url = first.split('href="')[-1].split('"')[0].replace("&amp;", "&")
    client.force_login(cast.rep)
    older = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert older.count("Call number") == 5
    assert "Asked about the offer" in older
    assert "<section" not in older


NO_PLACES = ["x", "~~", "2026-05-01~event~1", "2026-13-45T00:00:00+00:00~event~1", "a~b~" + "9" * 40]


@pytest.mark.parametrize("cursor", NO_PLACES)
def test_a_place_that_is_none_shows_the_beginning(client, cast, graph, cursor):
    answer = page(client, cast.rep, "customer-timeline", graph["customer"].pk, query=f"?before={cursor}")
    assert answer.status_code == 200
    assert "Asked about the offer" in answer.content.decode()


@pytest.mark.parametrize("name", ["customer-contacts", "customer-tasks", "customer-collaborators"])
def test_the_panels_of_a_customer_open(client, cast, graph, name):
    assert page(client, cast.rep, name, graph["customer"].pk).status_code == 200
    assert page(client, cast.outsider, name, graph["customer"].pk).status_code == 404


@pytest.mark.parametrize("kind", ["customer", "contact", "activity", "task"])
def test_an_outsider_finds_nothing_where_others_find_a_record(client, cast, graph, kind):
    for name in ["detail", "edit", "delete"]:
        assert page(client, cast.outsider, f"{kind}-{name}", graph[kind].pk).status_code == 404
        assert page(client, cast.outsider, f"{kind}-{name}", 999_999).status_code == 404


def test_a_teammate_sees_the_customer_but_may_not_edit_it(client, cast, graph):
    assert page(client, cast.teammate, "customer-detail", graph["customer"].pk).status_code == 200
    assert page(client, cast.teammate, "customer-edit", graph["customer"].pk).status_code == 403


@pytest.mark.parametrize("kind", ["customer", "contact"])
def test_the_key_that_logs_an_activity_knows_whose_page_it_is_pressed_on(client, cast, graph, kind):
    shown = page(client, cast.rep, f"{kind}-detail", graph[kind].pk).content.decode()
    (button,) = re.findall(r"<a [^>]*data-log-activity[^>]*>", shown)
    assert f'href="/activities/new/?{kind}={graph[kind].pk}"' in button


def test_today_shows_what_is_due_and_whom_one_worked_with(client, cast, graph):
    make_task(cast.rep, "Long overdue", due_at=graph["customer"].created_at, customer=graph["customer"])
    text = page(client, cast.rep, "today").content.decode()
    assert "Long overdue" in text
    assert "Send the offer" not in text  # it has no due time
    assert "Acme Ltd" in text


def test_the_bin_and_back_by_undo(client, cast, graph):
    customer = graph["customer"]
    client.force_login(cast.rep)
    answer = client.post(reverse("customer-delete", args=[customer.pk]))
    assert answer["Location"] == reverse("customer-list")
    assert page(client, cast.rep, "customer-detail", customer.pk).status_code == 404
    assert client.post(reverse("customer-restoration", args=[customer.pk])).status_code == 302
    assert page(client, cast.rep, "customer-detail", customer.pk).status_code == 200


def test_a_stranger_cannot_take_a_customer_out_of_the_bin(client, cast, graph):
    customers.delete(graph["customer"], by=cast.rep, at=graph["customer"].created_at)
    for user in [cast.outsider, cast.teammate]:
        client.force_login(user)
        assert client.post(reverse("customer-restoration", args=[graph["customer"].pk])).status_code == 404
    graph["customer"].refresh_from_db()
    assert graph["customer"].is_in_bin
