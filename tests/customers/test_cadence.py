"""Rules of contact: for whom an occasion has come, on which day the task falls, and that each is made once for ever."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.models import BusinessCalendar, EventLink, SearchDocument
from customers.actions import cadence, contacts, customers, tasks
from customers.models import CadenceRule, Task
from tests.factories.customers import make_activity, make_contact, make_customer
from tests.factories.sales import make_opportunity, stage

NOW = datetime(2026, 5, 13, 3, 0, tzinfo=UTC)  # a Wednesday
A_DAY = timedelta(days=1)


@pytest.fixture
def calendar(db):
    """Open from Monday to Friday; closed on Thursday 14 May and on the first three days of October."""
    found = BusinessCalendar.objects.create(name="Office")
    for day in (date(2026, 5, 14), date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)):
        found.holidays.create(date=day, name="Ascension" if day.month == 5 else "National Day")
    return found


def rule(calendar, occasion, title="Turn to them", **fields):
    made = CadenceRule(occasion=occasion, title=title, calendar=calendar, **fields)
    made.full_clean()
    made.save()
    return made


def made(now=NOW):
    cadence.make_tasks(now)
    return sorted(
        (task.title, f"{task.due_at:%m-%d}", task.owner.name) for task in Task.objects.select_related("owner")
    )


def test_whoever_was_not_spoken_with_is_called_back_until_somebody_does(cast, calendar):
    call = rule(calendar, "call_back", days=30, tier="A")
    long_ago, lately = NOW - 31 * A_DAY, NOW - 5 * A_DAY
    quiet = make_customer(cast.rep, "Quiet", tier="A", at=long_ago)
    make_activity(cast.rep, quiet, type="note", at=lately)
    make_activity(cast.rep, quiet, outcome="not_reached", at=lately)
    spoken = make_customer(cast.rep, "Spoken with", tier="A", at=long_ago)
    make_activity(cast.rep, spoken, at=lately)
    make_customer(cast.rep, "Another tier", tier="B", at=long_ago)
    make_customer(None, "Nobody's", tier="A", at=long_ago)
    customers.delete(make_customer(cast.rep, "In the bin", tier="A", at=long_ago), by=cast.rep, at=NOW)
    shy = make_customer(cast.rep, "Shy", tier="A", at=long_ago)
    make_contact(cast.rep, customer=shy, do_not_contact=True)
    for _time in range(2):
        assert made() == [("Turn to them", "05-13", "Rosa Rep")]
    task = Task.objects.get()
    assert (task.customer, task.made_by, task.all_day, task.version) == (quiet, call, True, 1)
    assert EventLink.objects.filter(kind="customer", object_id=quiet.pk, event__type="task.created").count() == 1
    assert SearchDocument.objects.filter(kind="task", object_id=task.pk).exists()
    # Done without a contact: again when as many days have gone by, not the next night.
    tasks.complete(task, by=cast.rep, at=NOW)
    assert len(made(NOW + A_DAY)) == 1
    assert made(NOW + 30 * A_DAY)[1] == ("Turn to them", "06-12", "Rosa Rep")


def test_a_birthday_on_29_february_or_a_holiday_falls_on_a_working_day(cast, calendar):
    rule(calendar, "birthday", "Congratulate", days_ahead=3)
    customer = make_customer(cast.rep)
    leap = make_contact(cast.rep, "Leap", customer=customer)
    ascension = make_contact(cast.rep, "Asa", customer=customer)
    shy = make_contact(cast.rep, "Shy", customer=customer, do_not_contact=True)
    for person, day in ((leap, date(1988, 2, 29)), (ascension, date(1990, 5, 14)), (shy, date(1990, 5, 14))):
        contacts.update(person, {"birthday": day}, by=cast.rep, at=NOW)
    assert made() == [("Congratulate: Asa", "05-15", "Rosa Rep")]
    # 28 February 2027 is a Sunday.
    assert made(datetime(2027, 2, 26, 3, tzinfo=UTC))[1] == ("Congratulate: Leap", "03-01", "Rosa Rep")
    assert len(made(datetime(2028, 2, 29, 3, tzinfo=UTC))) == 3


def test_greetings_are_due_on_the_last_working_day_before_a_holiday_once(cast, calendar):
    rule(calendar, "holiday", "Greet", days_ahead=5, holiday="National Day")
    make_customer(cast.rep)
    assert made() == []
    for day in (27, 28, 30):
        assert made(datetime(2026, 9, day, 3, tzinfo=UTC)) == [("Greet: National Day", "09-30", "Rosa Rep")]


def test_a_visit_follows_a_won_sale(cast, calendar):
    rule(calendar, "after_sale", "Visit", days=10, days_ahead=3)
    won = make_opportunity(cast.rep, stage=stage("Won"), name="Pumps", at=NOW - 9 * A_DAY)
    make_opportunity(cast.rep, name="Still open", at=NOW - 9 * A_DAY)
    make_opportunity(cast.rep, stage=stage("Won"), name="Long ago", at=NOW - 90 * A_DAY)
    for _time in range(2):
        assert made() == [("Visit: Pumps", "05-15", "Rosa Rep")]  # the 14th is a holiday
    assert Task.objects.get().customer == won.customer


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"occasion": "call_back"}, "days"),
        ({"occasion": "after_sale", "days": 0}, "days"),
        ({"occasion": "birthday", "days_ahead": 61}, "days_ahead"),
        ({"occasion": "holiday", "holiday": "Carnival"}, "holiday"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(calendar, fields, wrong):
    with pytest.raises(ValidationError) as refused:
        rule(calendar, **fields)
    assert wrong in refused.value.message_dict
    assert not CadenceRule.objects.exists()
