"""A manager puts customers together by what lies around them, looks at them in the list, and sets them a goal."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from customers.models import Segment
from evaluation.models import Goal
from tests.factories.customers import make_customer
from tests.factories.service import a_ticket
from tests.journeys.browsing import Pages, flaws

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_rule_is_built_refused_mended_used_as_a_filter_and_given_a_goal(cast: Any, open_page: Pages) -> None:
    for name in ("Asking", "Content"):
        customer = make_customer(cast.rep, name)
        if name == "Asking":
            a_ticket(cast.rep, timezone.now(), customer=customer)
    page = open_page(cast.manager, "/segments/new/")
    page.get_by_label("Name").fill("In trouble")
    group = page.locator("details", has_text="Tickets past their deadline")
    expect(group.locator("[name=tickets_open_min]")).not_to_be_visible()
    group.locator("summary").click()
    group.locator("[name=tickets_open_min]").fill("some")
    page.get_by_role("button", name="Save").click()
    expect(group).to_contain_text("Enter a whole number.")  # unfolded, with what was typed
    assert flaws(page) == []
    group.locator("[name=tickets_open_min]").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("In trouble")
    assert Segment.objects.get().question == {"tickets_open_min": ["1"]}

    page.get_by_role("link", name="Show in the customer list").click()
    expect(page.locator("table.list-table tbody tr")).to_have_count(1)
    expect(page.locator("table.list-table tbody")).to_contain_text("Asking")

    page.goto(f"/evaluation/goals/new/?kpi_code=resolution_time&scope=segment:{Segment.objects.get().pk}")
    page.get_by_label("Level", exact=False).first.fill("24")
    page.get_by_role("button", name="Set the goal").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("In trouble")
    assert Goal.objects.get().scope_name == "In trouble"
