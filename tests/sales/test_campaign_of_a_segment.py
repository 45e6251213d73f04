"""A segment is a campaign's target: its members' main contacts, unless they may not be written to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from customers.actions import consents, contact_points, contacts, segments
from customers.models import Contact, Customer, Purpose
from customers.models.writing import may_write_to, writable
from customers.sales.actions import campaigns
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import WEDNESDAY, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(cast):
    """One main contact for each reason, each at a customer of tier A of their own; all but one agreed to marketing."""
    marketing = Purpose.objects.get(code="marketing")
    found = {}
    for name in ("fine", "silent", "no_email", "asked_not", "closed", "opted_out", "invalid", "withdrew", "left"):
        customer = make_customer(cast.rep, name, tier="A", do_not_contact=name == "closed")
        email = "" if name == "no_email" else f"{name}@example.com"
        said = {"do_not_contact": name == "asked_not", "email": email}
        found[name] = make_contact(cast.rep, name, customer=customer, is_main=True, **said)
        if name != "silent":
            consents.give(found[name], purpose=marketing, by=cast.rep, at=WEDNESDAY)
    points = {"opted_out": {"opted_out": True}, "invalid": {"validity": "invalid"}}
    for name, said in points.items():
        contact_points.add(found[name], type="email", value=f"{name}@example.com", by=cast.rep, at=WEDNESDAY, **said)
    consents.withdraw(found["withdrew"], purpose=marketing, by=cast.rep, at=WEDNESDAY + timedelta(hours=1))
    contacts.leave(
        found["left"], customer=found["left"].customers.get(), by=cast.rep, at=WEDNESDAY + timedelta(hours=1)
    )
    return found


@pytest.mark.parametrize("purpose", ["marketing", "letters"])
def test_many_at_once_are_told_as_one_by_one(people, purpose):
    alone = {person.name for person in people.values() if may_write_to(person, purpose)}
    assert {person.name for person in writable(Contact.objects.all(), purpose)} == alone
    assert alone == {"fine", "left"} | ({"silent", "withdrew"} if purpose == "letters" else set())


def test_a_campaign_gets_the_main_contacts_of_a_segment_through_the_api(client, cast, people):
    hidden = make_customer(cast.outsider, "Hidden", tier="A")
    stranger = make_contact(cast.outsider, "Stranger", customer=hidden, is_main=True, email="s@example.com")
    consents.give(stranger, purpose=Purpose.objects.get(code="marketing"), by=cast.outsider, at=WEDNESDAY)
    campaign = make_campaign(cast.rep)
    segment = segments.create(name="Key", question={"tier": ["A"]}, owner=cast.rep, by=cast.rep, at=WEDNESDAY)
    client.force_login(cast.rep)
    dialog = client.post(reverse("customer-list-bulk", args=["add-to-campaign"]), {"all_matching": "1"})
    page = dialog.content.decode()
    assert "Marketing may be written to 1 main contact." in page
    assert "7 are left out: no consent, no address" in page  # "left" is nobody's main contact any more
    api = f"/api/v1/campaigns/{campaign.pk}/"
    for _time in range(2):
        etag = {"HTTP_IF_MATCH": client.get(api)["ETag"]}
        told = client.post(f"{api}segment-adding/", {"segment": segment.pk}, content_type="application/json", **etag)
        assert told.status_code == 200
    assert [member.contact for member in campaign.members.all()] == [people["fine"]]
    assert campaigns.add_main_contacts(Customer.objects.all(), campaign=campaign, by=cast.rep, at=WEDNESDAY) == 0
