"""How soon somebody has to be in touch: by form, channel or for all, in the hours that count."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.urls import reverse

from crm.models import BusinessCalendar, CalendarFrame
from customers.models import today
from customers.sales.actions import leads
from customers.sales.models import Lead, LeadForm, LeadTarget
from customers.sales.models.lead_target import countdown
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def hours(db):
    calendar = BusinessCalendar.objects.create(name="Office hours", timezone="UTC")
    for weekday in range(5):
        CalendarFrame.objects.create(calendar=calendar, weekday=weekday, opens=time(9), closes=time(17))
    return calendar


def test_the_nearest_target_counts_in_business_time(cast, hours, now):
    form = LeadForm.objects.create(name="Fair", key="fair", title="Fair", team=cast.north)
    LeadTarget.objects.create(minutes=480, calendar=hours)
    LeadTarget.objects.create(channel="website", minutes=60)
    LeadTarget.objects.create(form=form, minutes=15, calendar=hours)
    evening = datetime(2026, 5, 13, 16, 50, tzinfo=UTC)

    by_form = make_lead(cast.rep, form=form, at=evening)
    by_channel = make_lead(cast.rep, at=evening)
    other = make_lead(cast.rep, channel="event", at=evening)

    assert by_form.contact_due_at == datetime(2026, 5, 14, 9, 5, tzinfo=UTC)
    assert by_channel.contact_due_at == evening + timedelta(hours=1)
    assert other.contact_due_at == datetime(2026, 5, 14, 16, 50, tzinfo=UTC)


def test_the_countdown_runs_turns_late_and_ends_with_the_contact(cast, hours, now):
    LeadTarget.objects.create(minutes=60, calendar=hours)
    lead = make_lead(cast.rep, at=now)

    def status(minutes):
        found = countdown(lead, now + timedelta(minutes=minutes))
        return found.status, found.time

    assert status(44) == ("running", timedelta(minutes=16))
    assert status(45) == ("soon", timedelta(minutes=15))
    assert status(61) == ("late", timedelta(minutes=1))
    assert status(60 * 24) == ("late", timedelta(hours=7))
    met = leads.note_contact(lead, type="call", by=cast.rep, at=now + timedelta(minutes=60))
    assert countdown(met, now + timedelta(days=9)).status == "met"


def test_the_list_finds_those_that_are_overdue(client, cast, now):
    LeadTarget.objects.create(minutes=60)
    make_lead(cast.rep, "Overdue", at=now)
    make_lead(cast.rep, "Later", at=now)
    Lead.objects.filter(name="Later").update(contact_due_at=datetime(2099, 1, 1, tzinfo=UTC))
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")

    page = client.get(reverse("lead-list"), {"late": "true"}).content.decode()
    assert "Overdue" in page
    assert "Later" not in page
    one = client.get(Lead.objects.get(name="Overdue").get_absolute_url()).content.decode()
    assert "First contact late by" in one


def test_today_asks_for_the_first_contact_the_overdue_ones_first(cast, now):
    LeadTarget.objects.create(channel="website", minutes=60)
    quiet = make_lead(cast.rep, "Quiet", channel="event", at=now)
    overdue = make_lead(cast.rep, "Overdue", at=now)
    make_lead(cast.teammate, "Theirs", at=now)
    leads.note_contact(make_lead(cast.rep, "Called", at=now), type="call", by=cast.rep, at=now)

    items, _are_more = today.gather(today.Asking(cast.rep, now + timedelta(days=1)))

    assert [(item.kind, item.pk, item.weight) for item in items] == [("lead", overdue.pk, 60), ("lead", quiet.pk, 45)]
    assert items[0].reasons == (
        "A lead nobody has been in touch with for 1 day; score 0",
        "the first contact is overdue",
    )
    assert items[0].finish == {"contact": reverse("lead-contact", args=[overdue.pk])}
