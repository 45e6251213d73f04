"""The waterfall drawn in a real Chromium, on a desk and on a phone, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from customers.sales.actions import opportunities
from tests.factories.sales import lost_reason, make_opportunity, stage

pytestmark = pytest.mark.browser
TOO_WIDE = """() => [...document.querySelectorAll("main *")].filter((node) => node.getBoundingClientRect().right > 361
    && !node.closest(".table-wrap, .tab-row")).map((node) => node.tagName + "." + node.className).slice(0, 8)"""


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture
def quarter(cast: Any) -> str:
    """A quarter of the rep with something in most parts, in two currencies; the address that shows it."""
    by = {"by": cast.rep}
    make_opportunity(cast.rep, name="Stays", amount=Decimal("125000.00"), at=at(3, 1), expected_close=date(2026, 6, 1))
    sold = make_opportunity(cast.rep, name="Sold", amount=Decimal("80000.00"), at=at(3, 1))
    lost = make_opportunity(cast.rep, name="Gone", amount=Decimal("30000.00"), at=at(3, 1))
    cheap = make_opportunity(cast.rep, name="Cheaper", amount=Decimal("64000.50"), at=at(3, 1), stage=stage("Proposal"))
    make_opportunity(cast.rep, name="Fresh", amount=Decimal("55000.00"), at=at(4, 1))
    make_opportunity(cast.rep, name="Abroad", amount=Decimal("1000.00"), currency="EUR", at=at(4, 1))
    opportunities.win(sold, amount=Decimal("85000.00"), at=at(5, 1), **by)
    opportunities.lose(lost, reason=lost_reason(), at=at(5, 2), **by)
    opportunities.update(cheap, {"amount": Decimal("44000.25")}, at=at(5, 3), **by)
    return f"{reverse('pipeline-waterfall')}?first=2026-04-01&last=2026-06-30"


@pytest.fixture
def browse(browser: Browser, live_server: Any, cast: Any) -> Iterator[Any]:
    complaints: list[str] = []
    contexts = []

    def open_at(width: int, url: str, language: str = "en") -> Page:
        client = Client()
        client.force_login(cast.rep)
        if language != "en":
            type(cast.rep)._base_manager.filter(pk=cast.rep.pk).update(language=language)
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=live_server.url)
        contexts.append(context)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_at
    for context in contexts:
        context.close()
    refused = [text for text in complaints if "Content Security Policy" in text or "Error:" in text]
    assert refused == [], refused


def picture(page: Page, name: str) -> None:
    """A picture to look at, where one was asked for."""
    if folder := os.environ.get("WATERFALL_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_both_charts_are_drawn_and_a_figure_opens_its_opportunities(browse: Any, quarter: str) -> None:
    page = browse(1440, quarter)
    expect(page.locator("figure[data-drawn='done'] svg")).to_have_count(2)
    picture(page, "desk")
    page.get_by_role("link", name="Repriced").first.click()
    expect(page.get_by_role("row", name="Cheaper")).to_contain_text("−$20,000.25")
    expect(page.get_by_role("row", name="Sold")).to_contain_text("$5,000.00")
    picture(page, "records")
    page.get_by_role("link", name="Back to the waterfall").click()
    expect(page.locator("#id_first")).to_have_value("2026-04-01")


def test_a_bar_of_the_chart_opens_its_opportunities_too(browse: Any, quarter: str) -> None:
    page = browse(1440, quarter)
    bar = page.locator("figure[data-chart=waterfall-USD] svg .mark-rect path").first
    expect(bar).to_be_visible()
    bar.click()
    page.wait_for_url("**/waterfall/records/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("At the beginning")


@pytest.mark.parametrize(("language", "word"), [("en", "Newly opened"), ("zh-hans", "新开")])
def test_on_a_phone_nothing_is_wider_than_the_screen(browse: Any, quarter: str, language: str, word: str) -> None:
    page = browse(360, quarter, language)
    expect(page.locator("figure[data-drawn='done'] svg")).to_have_count(2)
    expect(page.get_by_role("link", name=word).first).to_be_visible()
    assert page.evaluate(TOO_WIDE) == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    picture(page, f"phone-{language}")


def test_days_in_the_wrong_order_are_told_beside_the_field(browse: Any, quarter: str) -> None:
    page = browse(360, quarter)
    page.locator("#id_last").fill("2026-03-01")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".invalid-feedback, .form-error, [id$='_error']").first).to_contain_text("before the first one")
    expect(page.locator("#id_last")).to_have_value("2026-03-01")
    picture(page, "wrong")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_stages_by_cohort_fit_on_a_phone(browse: Any, quarter: str, language: str) -> None:
    page = browse(360, quarter.replace("waterfall", "conversion"), language)
    expect(page.locator("tbody tr")).to_have_count(3)
    assert page.evaluate(TOO_WIDE) == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    picture(page, f"cohort-{language}")
