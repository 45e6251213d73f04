"""A review and a plan in a real Chromium: wide and on a phone, light and dark, with nothing in anybody's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from evaluation.actions import plans, reviews
from evaluation.models import Dispute, Review
from tests.factories.evaluation import lost, won
from tests.factories.goals import a_goal
from tests.factories.reviews import FROZEN, a_frozen_review, a_plan

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("YARDSTICK_PICTURES")  # a folder, to look at the pages
TOO_WIDE = """() => [...document.querySelectorAll("main *")].filter((node) => node.getBoundingClientRect().right > 361
    && !node.closest(".table-wrap, .tab-row")).map((node) => node.tagName + "." + node.className).slice(0, 8)"""


@pytest.fixture
def sign_in(browser: Browser, live_server: Any) -> Iterator[Any]:
    contexts: list[BrowserContext] = []

    def sign(user: Any, **options: Any) -> Page:
        client = Client()
        client.force_login(user)
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "base_url": live_server.url, **options}
        )
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        return page

    yield sign
    for context in contexts:
        context.close()


def seen(page: Page, name: str) -> None:
    """As it is with axe's rules, and as a picture where one is wanted."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
    found = Axe().run(page).response["violations"]
    assert found == [], [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


@pytest.fixture
def review(db: Any, live_server: Any, cast: Any) -> Review:
    a_goal(cast.rep, period_kind="quarter", target=0.5, starts_on=date(2026, 1, 1), by=cast.manager,
           at=FROZEN.replace(year=2025, month=12))  # fmt: skip
    for quarter in (4, 7, 10):
        for number in range(12):
            (won if number % 3 else lost)(f"2025-{quarter + number % 3:02}-{number + 2:02}", cast.rep)
    found = a_frozen_review(cast)
    reviews.dispute(review=found, kpi_code="win_rate", claim="March was won.", evidence="The signed offer.",
                    by=cast.rep, at=FROZEN)  # fmt: skip
    return found


SIZES = [
    ("wide", {}),
    ("dark", {"color_scheme": "dark"}),
    ("phone", {"viewport": {"width": 360, "height": 740}}),
    ("phone-dark", {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}),
]


@pytest.mark.parametrize(("size", "options"), SIZES)
def test_the_pages_fit_and_are_readable(sign_in, cast, review, size, options):
    plan = plans.agree(a_plan(cast, review=review), by=cast.rep, at=FROZEN)
    plan = plans.start(plan, by=cast.rep, at=FROZEN.replace(month=5, day=1))
    for month in range(4, 9):
        for number in range(4):
            (won if number else lost)(f"2026-{month:02}-{number + 10}", cast.rep)
    plans.measure(plan, by=None, at=FROZEN.replace(month=9, day=1))
    page = sign_in(cast.rep, **options)
    addresses = {
        "review": reverse("review-detail", args=[review.pk]),
        "records": reverse("review-records", args=[review.pk, "win_rate"]),
        "plan": reverse("plan-detail", args=[plan.pk]),
        "cycle": reverse("cycle-detail", args=[review.cycle_id]),
    }
    for name, address in addresses.items():
        page.goto(address)
        if name == "plan":
            page.wait_for_selector(".chart-area svg")
        seen(page, f"{name}-{size}")
        if size.startswith("phone"):
            assert page.evaluate(TOO_WIDE) == [], name


def test_a_dispute_is_settled_and_a_plan_made_in_dialogs(sign_in, cast, review):
    page = sign_in(cast.manager)
    page.goto(reverse("review-detail", args=[review.pk]))
    page.get_by_role("link", name="Settle").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Measured now, the line would say the same")
    dialog.get_by_label("Decline: the number stands").check()
    dialog.get_by_label("Reason").fill("It was lost on paper too.")
    seen(page, "settlement")
    dialog.get_by_role("button", name="Settle").click()
    expect(page.locator("#line-win_rate")).to_contain_text("It was lost on paper too.")
    assert Dispute.objects.get().state == "declined"
    page.locator("#line-win_rate").get_by_role("link", name="Make a plan").click()
    expect(page.get_by_role("dialog").get_by_label("KPI it should move")).to_have_value("win_rate")
    seen(page, "plan-form")
