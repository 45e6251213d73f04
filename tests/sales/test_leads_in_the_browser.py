"""Leads in a real Chromium: from the public form on a phone to the customer, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, expect

from customers.sales.actions import leads
from customers.sales.models import Lead, LeadForm
from tests.factories.customers import make_customer
from tests.factories.sales import default_pipeline, make_lead
from tests.journeys.browsing import PHONE, Pages, flaws, flaws_everywhere

pytestmark = pytest.mark.browser
AT = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Pages]:
    cache.clear()
    pages = Pages(browser, live_server.url)
    yield pages
    pages.close()
    assert pages.complaints == []


def test_a_visitor_asks_on_a_phone_and_a_rep_makes_a_customer_of_it(open_page: Pages, cast: Any) -> None:
    default_pipeline()
    make_customer(cast.rep, "Lead GmbH", at=AT)
    LeadForm.objects.create(name="Website", key="ask-us", title="Ask us", team=cast.north, consent="You may answer.")

    page = open_page(None, "/f/ask-us/", width=PHONE)
    assert flaws(page) == []
    page.get_by_label("Your name").fill("Lena Lead")
    page.get_by_label("Organisation").fill("Lead Ltd")
    page.get_by_label("Email").fill("lena@lead.example")
    page.get_by_label("You may answer.").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    lead = Lead.objects.get()
    page = open_page(cast.rep, lead.get_absolute_url())
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()
    page.get_by_role("link", name="Note a contact").click()
    page.get_by_label("What was said").fill("Wants two pumps")
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text("In touch with Lena Lead: call: Wants two pumps")).to_be_visible()
    page.get_by_role("link", name="Convert").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Lead GmbH (same name)")).to_be_checked()
    dialog.get_by_label("Open an opportunity too").check()
    dialog.get_by_role("button", name="Convert").click()
    expect(page.get_by_text("Lena Lead is a customer now.")).to_be_visible()

    lead.refresh_from_db()
    assert (lead.owner, lead.customer.name, lead.opportunity.name) == (cast.rep, "Lead GmbH", "Lead Ltd")


def test_the_pages_of_leads_fit_everybody(open_page: Pages, cast: Any) -> None:
    default_pipeline()
    make_customer(cast.rep, "Lead GmbH", at=AT)
    lead = make_lead(cast.rep, email="lena@lead.example", phone="+442079460958", note="Two pumps", at=AT)
    leads.note_contact(lead, type="call", note="Will call back", by=cast.rep, at=AT)
    names = ("lead-detail", "lead-edit", "lead-contact", "lead-discarding", "lead-conversion")
    paths = [reverse("lead-list"), reverse("lead-new"), *(reverse(name, args=[lead.pk]) for name in names)]

    assert flaws_everywhere(open_page, cast.rep, paths) == {}
