from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from crm.models import Event
from crm.search import finding
from customers.actions import activities, customers
from customers.models import Activity, Customer, Task
from tests.factories.customers import make_contact, make_customer


def log(cast, customer, now, **fields):
    values = {"type": "call", "subject": "Asked about the offer", "by": cast.rep, "at": now} | fields
    return activities.log(customer=customer, **values)


def test_logging_notes_who_did_what_when_and_for_which_team(cast, now):
    customer = make_customer(cast.rep)
    activity = log(cast, customer, now, subject="  Asked  about the offer ", outcome="reached")
    assert (activity.owner, activity.team, activity.at) == (cast.rep, cast.north, now)
    assert (activity.subject, activity.outcome, activity.direction) == ("Asked about the offer", "reached", "outbound")
    assert Event.objects.get(type="activity.created").data == {"type": "call", "next_step": ""}


def test_the_next_step_becomes_a_task_in_the_same_breath(cast, now):
    customer = make_customer(cast.rep)
    person = make_contact(cast.rep, customer=customer)
    step = activities.NextStep("Send the offer", now + timedelta(days=3))
    activity = log(cast, customer, now, contacts=[person], next_step=step)
    task = Task.objects.get()
    assert (task.title, task.due_at, task.owner, task.customer) == ("Send the offer", step.due_at, cast.rep, customer)
    assert (task.contact, task.after) == (person, activity)


def test_logging_moves_the_last_activity_of_the_customer_forward_only(cast, now):
    customer = make_customer(cast.rep)
    log(cast, customer, now)
    log(cast, customer, now, happened_at=now - timedelta(days=9))
    customer.refresh_from_db()
    assert customer.last_activity_at == now
    assert customer.version == 1


def test_a_form_sent_twice_makes_one_activity_and_one_task(cast, now):
    customer = make_customer(cast.rep)
    step = activities.NextStep("Send the offer")
    first = log(cast, customer, now, submission="token-1", next_step=step)
    second = log(cast, customer, now, submission="token-1", next_step=step)
    assert first == second
    assert (Activity.objects.count(), Task.objects.count()) == (1, 1)
    assert Event.objects.filter(type="activity.created").count() == 1


def test_the_token_of_somebody_else_leads_nowhere(cast, now):
    customer = make_customer(cast.rep)
    first = log(cast, customer, now, submission="token-1")
    second = log(cast, customer, now, by=cast.teammate, submission="token-1")
    assert first != second


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_the_same_moment_makes_one_activity(now):
    from crm.actions import roles
    from tests.factories.cast import Cast

    roles.install_shipped()
    cast = Cast()
    customer = make_customer(cast.rep)
    made = []

    def send():
        try:
            made.append(log(cast, customer, now, submission="token-1").pk)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1
    assert Activity.objects.count() == 1


def test_what_is_still_to_come_is_refused(cast, now):
    customer = make_customer(cast.rep)
    with pytest.raises(ValidationError, match="An activity is something done"):
        log(cast, customer, now, happened_at=now + timedelta(hours=1))
    assert not Activity.objects.exists()
    assert Customer.objects.get().last_activity_at is None


def test_somebody_of_another_customer_is_refused_and_nothing_is_kept(cast, now):
    customer = make_customer(cast.rep)
    stranger = make_contact(cast.rep, "Sam Stranger", customer=make_customer(cast.rep, "Other Ltd"))
    with pytest.raises(ValidationError, match="does not work at this customer"):
        log(cast, customer, now, contacts=[stranger], next_step=activities.NextStep("Never"))
    assert not Activity.objects.exists()
    assert not Task.objects.exists()


def test_an_activity_without_a_subject_is_refused_with_its_next_step(cast, now):
    customer = make_customer(cast.rep)
    with pytest.raises(ValidationError):
        log(cast, customer, now, subject="   ", next_step=activities.NextStep("Never"))
    assert not Activity.objects.exists()
    assert not Task.objects.exists()


def test_taking_an_activity_back_takes_its_untouched_next_step_back_too(cast, now):
    customer = make_customer(cast.rep)
    log(cast, customer, now - timedelta(days=2))
    activity = log(cast, customer, now, next_step=activities.NextStep("Send the offer"))
    activities.delete(activity, by=cast.rep, at=now)
    customer.refresh_from_db()
    assert customer.last_activity_at == now - timedelta(days=2)
    assert not Task.objects.alive().exists()
    activities.restore(Activity._base_manager.get(pk=activity.pk), by=cast.rep, at=now)
    customer.refresh_from_db()
    assert customer.last_activity_at == now
    assert Task.objects.alive().get().title == "Send the offer"


def test_correcting_the_time_moves_the_last_activity_back(cast, now):
    customer = make_customer(cast.rep)
    activity = log(cast, customer, now)
    activities.update(activity, {"at": now - timedelta(days=5)}, by=cast.rep, at=now)
    customer.refresh_from_db()
    assert customer.last_activity_at == now - timedelta(days=5)


def test_an_activity_is_found_by_its_subject(cast, now):
    customer = make_customer(cast.rep)
    activity = log(cast, customer, now)
    assert list(finding.ids("activity", "off ask").values_list("object_id", flat=True)) == [activity.pk]


def test_an_activity_of_a_deleted_customer_stays_in_the_bin(cast, now):
    customer = make_customer(cast.rep)
    activity = log(cast, customer, now)
    customers.delete(customer, by=cast.rep, at=now)
    activity.refresh_from_db()
    with pytest.raises(ValidationError, match="restore that first"):
        activities.restore(activity, by=cast.rep, at=now)
    activity.refresh_from_db()
    assert activity.is_in_bin
