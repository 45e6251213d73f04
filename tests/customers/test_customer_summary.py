"""A customer on one page of paper: in the reader's language, and nothing that is not theirs to see."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from customers.models import summary
from customers.views.summary_pdf import as_pdf
from tests.factories.customers import make_activity, make_contact, make_customer, make_task
from tests.factories.sales import make_contract, make_opportunity, make_order
from tests.factories.service import a_ticket
from tests.sales.test_quotes_pages import words_of

pytestmark = pytest.mark.django_db


def test_the_page_says_what_the_reader_may_see_in_their_language_and_stays_one_page(cast, client, now):
    acme = make_customer(cast.rep, "Acme 张伟", city="Leeds")
    make_contact(cast.rep, "Carla Contact", customer=acme, role="Buyer", phone="+442079460958")
    make_opportunity(cast.rep, name="New pumps", customer=acme)
    make_contract(cast.rep, customer=acme, name="Care plan")
    make_order(cast.rep, customer=acme)
    a_ticket(cast.agent, now, subject="Printer on fire", customer=acme)
    make_task(cast.rep, "Send the offer", customer=acme)
    for number in range(30):
        make_activity(cast.rep, acme, f"Call {number} " + "about many things " * 5)

    for language, words in (
        (
            "en",
            [b"Open opportunities", b"Running contracts", b"Next steps", b"New pumps", b"Care plan", b"Carla Contact"],
        ),
        ("zh-hans", ["联系人".encode("utf-16-be"), b"New pumps"]),
    ):
        with translation.override(language):
            page = as_pdf(cast.rep, acme, timezone.now())
        plain = re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1], 8)]), words_of(page))
        assert [word for word in words if word not in plain] == []
        assert b"/Count 1" in page

    seen = {each.name: each.lines(cast.rep, acme, now) for each in summary.sections()}
    assert [line[0] for line in seen["opportunities"]] == ["New pumps"]
    assert summary_of(cast.agent, acme, now, "opportunities") == []  # that role sees none
    assert [line[1] for line in summary_of(cast.agent, acme, now, "tickets")] == ["Printer on fire"]
    assert (len(seen["activities"]), seen["contacts"]) == (5, [["Carla Contact", "Buyer", "+44 20 7946 0958", ""]])

    client.force_login(cast.outsider)
    assert client.get(reverse("customer-summary", args=[acme.pk])).status_code == 404
    client.force_login(cast.rep)
    answer = client.get(reverse("customer-summary", args=[acme.pk]))
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")


def test_what_nobody_filled_in_takes_no_room_and_one_letter_has_some(cast):
    acme = make_customer(cast.rep, "Acme")
    for name in ("Bartholomew Featherstonehaugh-Cholmondeley", "Wilhelmina Featherstonehaugh-Cholmondeley"):
        make_contact(cast.rep, name, customer=acme, role="X", email=f"{name.replace(' ', '.')}@acme.example".lower())
    with translation.override("en"):
        page = as_pdf(cast.rep, acme, timezone.now())
    assert b"Featherstonehaugh" in words_of(page)


def summary_of(user, customer, now, name):
    return next(each for each in summary.sections() if each.name == name).lines(user, customer, now)
