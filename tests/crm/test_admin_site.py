"""What administrators find in the admin site, in words, and nothing of what libraries keep for themselves."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils.timezone import localdate

from crm.access import kinds
from crm.access.shipped_roles import SHIPPED_ROLES
from crm.actions import public_holidays
from crm.events import wording
from crm.models import Event
from customers.actions import customers
from tests.factories.crm import CalendarFactory
from tests.factories.customers import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.administrator)
    return client


def test_the_first_page_offers_only_what_is_configured(admin):
    page = admin.get("/admin/").content.decode()
    assert "/admin/crm/user/" in page
    for gone in ("auth/group", "account/emailaddress", "mfa/authenticator", "usersessions/usersession"):
        assert gone not in page


def test_shipped_roles_grant_only_kinds_that_there_are():
    granted = {kind for role in SHIPPED_ROLES for kind in role.grants}
    assert granted - {kind.code for kind in kinds.all_kinds()} == set()


def test_events_are_told_in_words_with_what_changed(admin, cast, now):
    customer = make_customer(cast.rep, "Acme")
    customers.update(customer, {"city": "Hull", "tier": "A"}, by=cast.rep, at=now)
    page = admin.get("/admin/crm/event/").content.decode()
    assert "Customer: changed" in page
    assert "customer.updated" not in page
    event = Event.objects.get(type="customer.updated")
    page = admin.get(f"/admin/crm/event/{event.pk}/change/").content.decode()
    assert "<li>City: – → Hull</li>" in page
    assert "<li>Tier: – → A: key customer</li>" in page


def test_every_type_of_event_that_happens_has_words(cast, now):
    types = {f"{kind}.{verb}" for kind in ("customer", "contact") for verb in ("created", "updated", "deleted")}
    named = {wording.of(Event(type=type)) for type in types}
    assert named == {
        "customer: created", "customer: changed", "customer: moved to the bin",
        "contact: created", "contact: changed", "contact: moved to the bin",
    }  # fmt: skip


def test_a_calendar_is_filled_with_public_holidays_once_they_were_looked_at(admin, cast):
    calendar = CalendarFactory(name="Berlin")
    year = localdate().year
    calendar.holidays.create(date=date(year, 1, 1), name="Ours")
    url = reverse("admin:crm_businesscalendar_public_holidays", args=[calendar.pk])
    asked = {"country": "DE", "year": year}
    shown = admin.get(url, asked).content.decode()
    assert "Add 8 holidays" in shown
    assert calendar.holidays.count() == 1, "looking adds nothing"
    assert admin.post(url, asked).status_code == 302
    assert calendar.holidays.count() == 9
    assert calendar.holidays.get(date=date(year, 1, 1)).name == "Ours"
    assert admin.post(url, asked).status_code == 302
    assert calendar.holidays.count() == 9
    told = Event.objects.get(type="settings.changed")
    assert (told.by, told.data["name"], len(told.data["changes"]["holidays"][1])) == (cast.administrator, "Berlin", 8)


def test_nobody_but_administrators_fills_a_calendar(client, cast):
    calendar = CalendarFactory()
    client.force_login(cast.manager)
    url = reverse("admin:crm_businesscalendar_public_holidays", args=[calendar.pk])
    assert client.post(url, {"country": "DE", "year": localdate().year}).status_code == 302
    assert calendar.holidays.count() == 0


def test_names_of_holidays_come_in_the_readers_language_where_they_are_known():
    assert public_holidays.of("CN", 2026, "zh-hans")[date(2026, 1, 1)] == "元旦"
    assert public_holidays.of("CN", 2026, "en")[date(2026, 1, 1)] == "New Year's Day"
    assert dict(public_holidays.countries())["US"] == "United States"


def test_a_lost_phone_is_no_locked_door(admin, cast):
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=cast.rep, type=Authenticator.Type.TOTP, data={})
    sent = {"action": "remove_second_factors", "_selected_action": [cast.rep.pk]}
    assert admin.post("/admin/crm/user/", sent).status_code == 302
    assert not Authenticator.objects.exists()
    assert Event.objects.get(type="settings.changed").data["name"] == cast.rep.name
