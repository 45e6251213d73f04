"""A name that would turn the line it stands in goes straight, whoever writes it and from where."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm.models import Event
from customers.actions import customers
from customers.models import Customer
from service.models import Ticket
from tests.factories.customers import make_customer
from tests.factories.service import a_ticket

pytestmark = pytest.mark.django_db
TURNED = "Acme \u202egnp.exe\u2066 \u200fشركة"


def test_characters_that_turn_the_line_are_left_out_of_names_titles_and_subjects(client, cast, now):
    made = make_customer(cast.rep, TURNED, notes="\u202etold as written")
    assert (made.name, made.notes) == ("Acme gnp.exe \u200fشركة", "\u202etold as written")
    changed = customers.update(made, {"name": "New \u202eName"}, by=cast.rep, at=now)
    assert changed.name == "New Name"
    assert Event.objects.get(type="customer.updated").data["name"] == ["Acme gnp.exe \u200fشركة", "New Name"]
    same = customers.update(changed, {"name": "New \u2067Name"}, by=cast.rep, at=now)
    assert same.version == changed.version
    assert a_ticket(cast.rep, now, subject="Broken\u202e", customer=made).subject == "Broken"
    client.force_login(cast.rep)
    sent = client.post("/api/v1/customers/", {"name": "By \u202aAPI", "form": "organisation"}, "application/json")
    assert (sent.status_code, Customer.objects.get(pk=sent.json()["id"]).name) == (201, "By API")
    page = client.get(reverse("customer-list")).content.decode()
    assert "\u202e" not in page
    assert Ticket.objects.get().subject == "Broken"
