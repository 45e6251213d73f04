"""Leads: noted, taken, got in touch with, discarded, handed over; and their pages."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from crm.models import Event, Notification
from customers.sales.actions import leads
from customers.sales.models import Lead
from tests.factories.sales import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def test_a_lead_is_kept_tidy_and_belongs_to_whoever_noted_it(cast, now):
    lead = make_lead(cast.rep, "  Lena   Lead ", email=" LENA@Example.COM ", phone="+44 20 7946 0958", at=now)

    assert (lead.name, lead.email, lead.phone) == ("Lena Lead", "lena@example.com", "+442079460958")
    assert (lead.owner, lead.team, lead.state) == (cast.rep, cast.north, "new")
    assert Event.objects.get(type="lead.created").data == {"channel": "website"}


def test_the_first_contact_stops_the_clock_and_begins_the_work(cast, now):
    lead = make_lead(cast.rep, at=now)

    lead = leads.note_contact(lead, type="call", note="Wants a quote", by=cast.rep, at=now + timedelta(minutes=25))
    lead = leads.note_contact(lead, type="email", by=cast.rep, at=now + timedelta(days=1))

    assert lead.state == "working"
    assert lead.time_to_contact == timedelta(minutes=25)
    noted = Event.objects.filter(type="lead.contacted").order_by("pk").values_list("data", flat=True)
    assert list(noted) == [{"type": "call", "note": "Wants a quote"}, {"type": "email", "note": ""}]


def test_whoever_is_faster_takes_a_lead_that_is_nobodys(cast, now):
    lead = make_lead(None, by=cast.manager, team=cast.north, at=now)

    leads.take(lead, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="Rosa Rep was faster"):
        leads.take(lead, by=cast.teammate, at=now)

    lead.refresh_from_db()
    assert (lead.owner, lead.version) == (cast.rep, 2)


def test_discarding_asks_why_and_can_be_taken_back(cast, now):
    lead = make_lead(cast.rep, at=now)
    with pytest.raises(ValidationError):
        leads.discard(lead, reason="", by=cast.rep, at=now)
    assert Lead.objects.get().state == "new"

    lead = leads.discard(lead, reason="no_fit", by=cast.rep, at=now)
    assert (lead.state, lead.reason) == ("discarded", "no_fit")
    with pytest.raises(ValidationError, match="closed"):
        leads.note_contact(lead, type="call", by=cast.rep, at=now)

    lead = leads.reopen(lead, by=cast.rep, at=now)
    assert (lead.state, lead.reason) == ("new", "")


def test_handing_over_tells_the_new_owner_once(cast, now):
    theirs = [make_lead(cast.rep, at=now), make_lead(cast.teammate, at=now)]

    changed = leads.hand_over_many(theirs, owner=cast.teammate, by=cast.manager, at=now)

    assert changed == 1
    assert set(Lead.objects.values_list("owner", flat=True)) == {cast.teammate.pk}
    assert Notification.objects.filter(receiver=cast.teammate).count() == 1


def test_a_team_shares_its_leads_and_no_other_team_sees_them(cast, now):
    lead = make_lead(None, by=cast.manager, team=cast.north, at=now)

    assert Lead.objects.editable_by(cast.teammate).get() == lead
    assert Lead.objects.visible_to(cast.analyst).get() == lead
    assert not Lead.objects.visible_to(cast.outsider).exists()
    assert not Lead.objects.editable_by(cast.analyst).exists()


def test_a_lead_is_noted_taken_and_discarded_on_its_page(cast, as_user, now):
    client = as_user(cast.rep)
    client.post(reverse("lead-new"), {"name": "Lena Lead", "channel": "event", "note": "Met at the fair"})
    lead = Lead.objects.get()
    assert (lead.owner, lead.channel) == (cast.rep, "event")

    client.post(reverse("lead-contact", args=[lead.pk]), {"type": "call", "note": "Will call back"})
    page = client.get(lead.get_absolute_url()).content.decode()
    assert "In touch with Lena Lead: call: Will call back" in page
    assert "Met at the fair" in page

    refused = client.post(reverse("lead-discarding", args=[lead.pk]), {})
    assert refused.status_code == 422
    client.post(reverse("lead-discarding", args=[lead.pk]), {"reason": "not_interested"})
    lead.refresh_from_db()
    assert (lead.state, lead.reason) == ("discarded", "not_interested")


def test_an_edit_on_an_old_version_of_the_same_field_is_a_conflict(cast, as_user, now):
    lead = make_lead(cast.rep, at=now)
    client = as_user(cast.rep)
    form = client.get(reverse("lead-edit", args=[lead.pk])).context["form"]
    leads.update(lead, {"campaign": "Spring"}, by=cast.teammate, at=now)

    sent = {"name": "Lena Lead", "organisation": "Lead Ltd", "channel": "website", "campaign": "Autumn"}
    sent |= {"version": form.initial["version"], "base_values": form.initial["base_values"]}
    answer = client.post(reverse("lead-edit", args=[lead.pk]), sent)

    assert answer.status_code == 409
    assert Lead.objects.get().campaign == "Spring"


def test_the_list_shows_those_nobody_has_taken_or_called(cast, as_user, now):
    make_lead(cast.rep, "Called", at=now)
    leads.note_contact(Lead.objects.get(), type="call", by=cast.rep, at=now)
    make_lead(None, "Waiting", by=cast.manager, team=cast.north, at=now)
    client = as_user(cast.manager)

    waiting = client.get(reverse("lead-list"), {"waiting": "true"}).content.decode()
    unowned = client.get(reverse("lead-list"), {"owner": "none"}).content.decode()

    for page in (waiting, unowned):
        assert "Waiting" in page
        assert "Called" not in page


def test_a_program_notes_and_discards_a_lead(cast, as_user, now):
    client = as_user(cast.rep)
    made = client.post(reverse("api:lead-list"), {"name": "Lena Lead"}, content_type="application/json")
    assert made.status_code == 201
    where = reverse("api:lead-discarding", args=[made.json()["id"]])

    answer = client.post(where, {"reason": "spam"}, content_type="application/json", headers={"If-Match": made["ETag"]})

    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (200, "discarded", 2)
