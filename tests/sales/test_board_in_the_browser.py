"""The board worked by mouse and by keyboard, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from customers.sales.actions import opportunities
from customers.sales.models import Opportunity, StageChange
from tests.factories.sales import make_customer, make_opportunity, stage

pytestmark = pytest.mark.browser
TOO_WIDE = """() => [...document.querySelectorAll("main *")].filter((node) => node.getBoundingClientRect().right > 361
    && !node.closest(".table-wrap, .kanban")).map((node) => node.tagName + "." + node.className).slice(0, 8)"""


@pytest.fixture
def page(browser: Browser, live_server: Any, cast: Any) -> Iterator[Page]:
    """The board of the rep: two cards to qualify, one in the proposal stage."""
    now, customer = timezone.now(), make_customer(cast.rep)
    make_opportunity(cast.rep, at=now, customer=customer, name="Small sale", amount=Decimal("100.00"))
    make_opportunity(cast.rep, at=now, customer=customer, name="Big sale", amount=Decimal("900.00"))
    make_opportunity(cast.rep, at=now, customer=customer, name="Offer", stage=stage("Proposal"))
    client = Client()
    client.force_login(cast.rep)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(reverse("opportunity-board"))
    yield page
    context.close()
    refused = [text for text in complaints if "Content Security Policy" in text or "Error:" in text]
    assert refused == [], refused


def column(page: Page, name: str) -> Any:
    return page.locator(f"[data-column='{stage(name).pk}']")


def stage_of(name: str) -> str:
    return Opportunity.objects.select_related("stage").get(name=name).stage.name


def pick_up(page: Page, name: str, *keys: str) -> None:
    page.get_by_role("button", name=f"Move {name}").focus()
    for key in ("Enter", *keys, "Enter"):
        page.keyboard.press(key)


def test_a_card_is_dragged_to_another_stage_and_the_sums_follow(page: Page) -> None:
    card, goal = page.locator("[data-card]", has_text="Big sale"), column(page, "Proposal")
    start, end = card.bounding_box(), goal.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 60, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(start["x"] + 90, start["y"] + 50, steps=4)
    page.mouse.move(end["x"] + 80, end["y"] + 20, steps=8)
    page.mouse.up()
    expect(page.locator(f"#sums-{stage('Proposal').pk}")).to_contain_text("2 opportunities · $1,900")
    expect(page.locator(f"#sums-{stage('Qualifying').pk}")).to_contain_text("1 opportunity · $100")
    expect(goal.locator("[data-card]")).to_have_count(2)
    assert stage_of("Big sale") == "Proposal"


def test_a_card_is_moved_by_keyboard_and_keeps_the_focus(page: Page) -> None:
    pick_up(page, "Big sale", "ArrowRight", "ArrowDown")
    expect(column(page, "Proposal").locator("[data-card]").nth(1)).to_contain_text("Big sale")
    expect(page.locator("#live")).to_contain_text("Big sale moved to Proposal.")
    expect(page.get_by_role("button", name="Move Big sale")).to_be_focused()
    names = Opportunity.objects.in_stage(stage("Proposal")).by_rank().values_list("name", flat=True)
    assert list(names) == ["Offer", "Big sale"]


def test_dropping_on_lost_asks_why_before_anything_happens(page: Page) -> None:
    pick_up(page, "Big sale", *["ArrowRight"] * 4)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Why was it lost?")
    expect(column(page, "Qualifying").locator("[data-card]")).to_have_count(2)
    assert stage_of("Big sale") == "Qualifying"
    dialog.get_by_label("Price").check()
    with page.expect_navigation():
        dialog.get_by_role("button", name="Mark as lost").click()
    expect(page.locator("[data-card]", has_text="Big sale")).to_have_count(0)
    assert StageChange.objects.losses().get().lost_reason.name == "Price"


def test_a_card_that_somebody_else_moved_goes_back_with_a_sentence(page: Page, cast: Any) -> None:
    big = Opportunity.objects.get(name="Big sale")
    opportunities.move(big, stage=stage("Negotiation"), by=cast.manager, at=timezone.now())
    pick_up(page, "Big sale", "ArrowRight")
    expect(page.locator("#toasts")).to_contain_text("it is in “Negotiation” now")
    expect(column(page, "Qualifying").locator("[data-card]")).to_have_count(2)
    assert stage_of("Big sale") == "Negotiation"


def test_the_cards_below_load_when_scrolled_to_and_a_column_that_cannot_says_so(page: Page, cast: Any) -> None:
    now, customer = timezone.now(), make_customer(cast.rep)
    for number in range(51):
        make_opportunity(cast.rep, at=now, customer=customer, name=f"Sale {number}")
    page.reload()
    cards = column(page, "Qualifying").locator("[data-card]")
    expect(cards).to_have_count(50)
    page.route("**/pipeline/more/**", lambda route: route.fulfill(status=500))
    page.keyboard.press("End")
    expect(page.get_by_text("More of “Qualifying” could not be loaded.")).to_be_visible()
    page.unroute("**/pipeline/more/**")
    page.get_by_role("link", name="Show more of").focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(53)
    pick_up(page, "Small sale", "ArrowRight")  # the oldest
    expect(column(page, "Proposal").get_by_role("link", name="Small sale")).to_be_visible()
    page.reload()
    expect(cards).to_have_count(50)
    page.keyboard.press("End")
    expect(cards).to_have_count(52)


def test_nothing_scrolls_sideways_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    opportunity = Opportunity.objects.get(name="Big sale")
    for url in [
        reverse("opportunity-board"),
        reverse("opportunity-detail", args=[opportunity.pk]),
        reverse("opportunity-edit", args=[opportunity.pk]),
        reverse("order-new"),
    ]:
        page.goto(url, wait_until="networkidle")
        wide = page.evaluate(TOO_WIDE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, (url, wide)


def test_a_finger_that_rests_at_the_edge_takes_a_card_to_a_stage_out_of_sight(page: Page) -> None:
    """Columns snap into place on a phone; that took each small step of the scrolling back."""
    page.set_viewport_size({"width": 360, "height": 740})
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *points: dict[str, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    card = page.locator("[data-card]", has_text="Big sale")
    card.scroll_into_view_if_needed()
    box = card.bounding_box()
    assert box
    y = box["y"] + 50
    finger("touchStart", {"x": box["x"] + 60, "y": y})
    expect(page.locator("body.is-dragging-card")).to_be_attached()
    finger("touchMove", {"x": 350, "y": y})
    finger("touchMove", {"x": 352, "y": y})
    goal = column(page, "Negotiation")
    page.wait_for_function("node => node.getBoundingClientRect().right < 345", arg=goal.element_handle())
    place = goal.bounding_box()
    assert place
    finger("touchMove", {"x": place["x"] + 100, "y": place["y"] + 20})
    finger("touchEnd")
    expect(goal.locator("[data-card]")).to_have_count(1)
    expect(page.locator(f"#sums-{stage('Negotiation').pk}")).to_contain_text("1 opportunity · $900")
    assert stage_of("Big sale") == "Negotiation"
