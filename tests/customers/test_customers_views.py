"""What forms and clicks do, and what they refuse."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Event
from customers.actions import activities, contacts, customers
from customers.models import Activity, Contact, Customer, Task
from tests.factories.customers import make_activity, make_contact, make_customer, make_task

DIALOG = {"HX-Request": "true", "HX-Target": "dialog#dialog"}


def post(client, who, url_name, /, *args, headers=None, **values):
    client.force_login(who)
    return client.post(reverse(url_name, args=args), values, headers=headers)


def logged(customer, /, **values):
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    return {"customer": customer.pk, "type": "call", "direction": "outbound", "at": now, "subject": "Called"} | values


def test_one_request_notes_the_activity_and_the_next_step(client, cast):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    values = logged(customer, contacts=[person.pk], next_title="Send the offer", next_due="in-3-days")
    answer = post(client, cast.rep, "activity-new", headers=DIALOG, **values)
    assert answer.status_code == 204
    assert "activity-logged" in answer["HX-Trigger"]
    activity, task = Activity.objects.get(), Task.objects.get()
    assert (activity.subject, list(activity.contacts.all())) == ("Called", [person])
    due = timezone.localtime(task.due_at)
    assert (due.date(), due.hour) == (timezone.localdate() + timedelta(days=3), 17)


def test_a_chosen_day_counts_before_the_quick_choice(client, cast):
    day = timezone.localdate() + timedelta(days=30)
    values = logged(make_customer(cast.rep), next_title="Call back", next_due="tomorrow", next_day=day.isoformat())
    post(client, cast.rep, "activity-new", **values)
    assert timezone.localtime(Task.objects.get().due_at).date() == day


def test_the_form_sent_twice_makes_one_activity(client, cast):
    values = logged(make_customer(cast.rep), submit_once="a-token", next_title="Call back")
    for _time in range(2):
        assert post(client, cast.rep, "activity-new", **values).status_code == 302
    assert (Activity.objects.count(), Task.objects.count()) == (1, 1)


def test_without_a_script_a_name_that_fits_one_customer_is_enough(client, cast):
    customer = make_customer(cast.rep, "Blue Harbour")
    values = logged(customer, customer="", customer_q="blue har")
    assert post(client, cast.rep, "activity-new", **values).status_code == 302
    assert Activity.objects.get().customer == customer


def test_a_name_that_fits_several_customers_comes_back_with_those_it_fits(client, cast):
    customer, *_others = [make_customer(cast.rep, f"{name} Harbour") for name in ("Blue North", "Blue South", "Red")]
    values = logged(customer, customer="", customer_q="blue")
    answer = post(client, cast.rep, "activity-new", headers=DIALOG, **values)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="blue"' in text
    assert [name in text for name in ("Blue North Harbour", "Blue South Harbour", "Red Harbour")] == [True, True, False]
    assert not Activity.objects.exists()


@pytest.mark.parametrize(("asked", "sent"), [("referred_by", "referred_by"), ("below", "below"), ("a b", "customer")])
def test_what_a_picker_offers_is_sent_under_the_name_of_its_field(client, cast, asked, sent):
    customer = make_customer(cast.rep, "Blue Harbour")
    client.force_login(cast.rep)
    answer = client.get(reverse("customer-options"), {"name": asked, f"{sent}_q": "blue"})
    assert f'name="{sent}" value="{customer.pk}"' in answer.content.decode()


def test_an_empty_form_says_what_is_missing_and_keeps_nothing(client, cast):
    answer = post(client, cast.rep, "activity-new", headers=DIALOG, subject="", customer="")
    assert answer.status_code == 422
    assert "Choose which customer is meant." in answer.content.decode()
    assert not Activity.objects.exists()


def test_a_customer_one_cannot_see_can_be_neither_chosen_nor_found(client, cast):
    hidden = make_customer(cast.outsider, "Hidden Harbour")
    answer = post(client, cast.rep, "activity-new", **logged(hidden))
    assert answer.status_code == 422
    assert "Hidden Harbour" not in answer.content.decode()
    found = client.get(reverse("customer-options"), {"q": "hidden"}).content.decode()
    assert "Hidden Harbour" not in found
    client.force_login(cast.outsider)
    assert "Hidden Harbour" in client.get(reverse("customer-options"), {"q": "hidden"}).content.decode()
    assert not Activity.objects.exists()


def test_the_form_opened_for_a_person_knows_the_customer(client, cast):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, "Carla", customer=customer)
    client.force_login(cast.rep)
    text = client.get(reverse("activity-new"), {"contact": person.pk}).content.decode()
    assert f'name="customer" value="{customer.pk}" checked' in " ".join(text.split())
    assert f'value="{person.pk}"' in text


def test_a_record_it_would_belong_to_must_be_visible(client, cast):
    hidden = make_task(cast.outsider)
    client.force_login(cast.rep)
    for named in [{"about_kind": "task", "about_id": hidden.pk}, {"about_kind": "nonsense", "about_id": 1}]:
        assert client.get(reverse("activity-new"), named).status_code == 404
        answer = client.post(reverse("activity-new"), logged(make_customer(cast.rep), **named))
        assert answer.status_code == 404
    assert not Activity.objects.exists()


def edit(client, user, record, **changes):
    client.force_login(user)
    url = reverse(f"{record.kind}-edit", args=[record.pk])
    form = client.get(url).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return url, {name: value for name, value in (values | changes).items() if value is not None}


def test_an_edit_saves_and_tells_the_changed_fields(client, cast):
    customer = make_customer(cast.rep, city="London")
    url, values = edit(client, cast.rep, customer, city="Leeds")
    assert client.post(url, values).status_code == 302
    customer.refresh_from_db()
    assert (customer.city, customer.version) == ("Leeds", 2)
    assert Event.objects.get(type="customer.updated").data == {"city": ["London", "Leeds"]}


def test_what_was_chosen_in_a_picker_can_be_taken_back(client, cast):
    customer = make_customer(cast.rep, parent=make_customer(cast.rep, "Holding"))
    client.force_login(cast.rep)
    page = " ".join(client.get(reverse("customer-edit", args=[customer.pk])).content.decode().split())
    assert 'name="parent" value="" data-no-draft> none' in page
    url, values = edit(client, cast.rep, customer, parent="")
    assert client.post(url, values).status_code == 302
    customer.refresh_from_db()
    assert customer.parent is None


def test_my_tasks_are_one_click_away(client, cast):
    client.force_login(cast.rep)
    page = client.get(reverse("task-list"), {"mine": "true", "state": "overdue"}).content.decode()
    tab = '<a class="nav-link active" href="?mine=true&amp;state=overdue&amp;sort=due_at" aria-current="page"'
    assert tab in page


def test_whoever_saves_second_sees_both_versions_and_loses_nothing(client, cast, now):
    customer = make_customer(cast.rep, city="London")
    url, values = edit(client, cast.rep, customer, city="Leeds")
    customers.update(customer, {"city": "York"}, by=cast.manager, at=now)
    answer = client.post(url, values)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert all(city in text for city in ("London", "Leeds", "York"))
    customer.refresh_from_db()
    assert customer.city == "York"


def test_two_versions_stand_beside_each_other_as_people_write_them(client, cast, now):
    customer = make_customer(cast.rep, annual_revenue=Decimal(1_000_000), tier="B")
    url, values = edit(client, cast.rep, customer, annual_revenue="2500000.5", tier="C")
    customers.update(customer, {"annual_revenue": Decimal(1_250_000), "tier": "A"}, by=cast.manager, at=now)
    rows = {row["label"]: row for row in client.post(url, values).context["rows"]}
    told = {label: (row["mine"], row["theirs"], row["base"]) for label, row in rows.items()}
    assert told == {
        "Annual revenue": ("2,500,000.50", "1,250,000", "1,000,000"),
        "Tier": ("C: regular customer", "A: key customer", "B: growing customer"),
    }


def test_an_activity_is_corrected_with_its_people_and_duration(client, cast):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    activity = make_activity(cast.rep, customer)
    url, values = edit(client, cast.rep, activity, subject="Called twice", minutes=15, contacts=[person.pk])
    values["at"] = "2026-05-01T09:00"
    assert client.post(url, values).status_code == 302
    activity.refresh_from_db()
    assert (activity.subject, activity.duration) == ("Called twice", timedelta(minutes=15))
    assert list(activity.contacts.all()) == [person]


@pytest.mark.parametrize("name", ["task-completion", "task-reopening"])
def test_a_click_answers_htmx_with_what_changed(client, cast, name):
    task = make_task(cast.rep)
    answer = post(client, cast.rep, name, task.pk, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "task-changed" in answer["HX-Trigger"]


def test_a_task_is_done_by_one_click_and_only_by_whoever_may(client, cast):
    task = make_task(cast.rep)
    assert post(client, cast.teammate, "task-completion", task.pk).status_code == 403
    assert post(client, cast.outsider, "task-completion", task.pk).status_code == 404
    task.refresh_from_db()
    assert not task.is_done
    assert post(client, cast.rep, "task-completion", task.pk, next="https://evil.example/").url == f"/tasks/{task.pk}/"
    task.refresh_from_db()
    assert task.is_done


def test_a_manager_hands_over_within_reach_and_nobody_else_does(client, cast):
    customer = make_customer(cast.rep)
    assert post(client, cast.rep, "customer-hand-over", customer.pk, to=cast.teammate.pk).status_code == 403
    assert post(client, cast.outsider, "customer-hand-over", customer.pk, to=cast.teammate.pk).status_code == 404
    beyond = post(client, cast.manager, "customer-hand-over", customer.pk, to=cast.outsider.pk)
    assert beyond.status_code == 422
    customer.refresh_from_db()
    assert customer.owner == cast.rep
    assert post(client, cast.manager, "customer-hand-over", customer.pk, to=cast.junior.pk).status_code == 302
    customer.refresh_from_db()
    assert customer.owner == cast.junior


def test_the_owner_and_the_manager_decide_who_works_on_it_too(client, cast):
    customer = make_customer(cast.rep)
    assert post(client, cast.teammate, "collaborator-new", customer.pk, user=cast.outsider.pk).status_code == 403
    assert not customer.collaborators.exists()
    assert post(client, cast.rep, "collaborator-new", customer.pk, user=cast.outsider.pk).status_code == 302
    assert post(client, cast.outsider, "collaborator-new", customer.pk, user=cast.teammate.pk).status_code == 403
    assert customer.collaborators.get().may_edit
    again = post(client, cast.rep, "collaborator-new", customer.pk, user=cast.outsider.pk, may_edit="0")
    assert again.status_code == 302
    assert not customer.collaborators.get().may_edit
    removed = post(client, cast.rep, "collaborator-removal", customer.pk, cast.outsider.pk)
    assert removed.status_code == 302
    assert not customer.collaborators.exists()


def test_a_new_contact_is_at_once_at_the_customer(client, cast):
    customer = make_customer(cast.rep)
    values = {"name": "Carla", "customer": customer.pk, "role": "owner", "is_main": "on"}
    assert post(client, cast.rep, "contact-new", **values).status_code == 302
    link = Contact.objects.get().customer_links.get()
    assert (link.customer, link.role, link.is_main) == (customer, "owner", True)


def test_a_person_is_moved_between_customers_by_clicks(client, cast):
    first, second = make_customer(cast.rep), make_customer(cast.rep, "Other Ltd")
    person = make_contact(cast.rep, customer=first)
    assert post(client, cast.rep, "contact-link-new", person.pk, customer=second.pk).status_code == 302
    assert post(client, cast.rep, "contact-main", person.pk, second.pk).status_code == 302
    assert post(client, cast.rep, "contact-link-removal", person.pk, first.pk).status_code == 302
    assert [(link.customer, link.is_main) for link in person.customer_links.all()] == [(second, True)]


def test_names_of_unseen_customers_stay_out_of_every_page(client, cast, now):
    """A shared person, an old activity and a task lead to a customer the reader may no longer see."""
    hidden = make_customer(cast.rep, "Hidden Harbour")
    person = make_contact(cast.rep, "Carla", customer=hidden)
    contacts.link(person, customer=make_customer(cast.outsider, "Theirs"), by=cast.rep, at=now)
    activity = make_activity(cast.outsider, hidden, "Called long ago")
    task = make_task(cast.outsider, "Do it", customer=hidden)
    customers.update(hidden, {"city": "Leeds"}, by=cast.rep, at=now)
    client.force_login(cast.outsider)
    pages = [
        reverse("contact-detail", args=[person.pk]),
        reverse("activity-detail", args=[activity.pk]),
        reverse("task-detail", args=[task.pk]),
        *[reverse(f"{kind}-list") for kind in ("customer", "contact", "activity", "task")],
        reverse("today"),
        reverse("activity-edit", args=[activity.pk]),
        reverse("task-edit", args=[task.pk]),
    ]
    for url in pages:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert "Hidden Harbour" not in answer.content.decode(), url


PARTS = ["customer-detail", "customer-timeline", "customer-tasks", "customer-contacts", "today"]


@pytest.mark.parametrize("name", PARTS)
def test_more_records_need_no_more_queries(client, cast, name):
    customer = make_customer(cast.rep)

    def grow(times):
        for number in range(times):
            person = make_contact(cast.rep, f"Person {number}", customer=customer)
            step = activities.NextStep("Next", timezone.now() - timedelta(days=1))
            make_activity(cast.rep, customer, contacts=[person], next_step=step)

    def count():
        args = [] if name == "today" else [customer.pk]
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name, args=args)).status_code == 200
        return len(captured)

    client.force_login(cast.rep)
    grow(2)
    count()
    few = count()
    grow(6)
    assert count() == few
    assert few <= 30
    assert Customer.objects.count() == 1
