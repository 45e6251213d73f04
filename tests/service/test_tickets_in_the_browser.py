"""From the ticket to the customer's answer, in a real Chromium: two agents at once, and a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from service.models import Message, Ticket
from surveys.models import Response
from tests.factories.service import a_contact, a_customer, a_ticket
from tests.factories.surveys import an_invitation

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Opens a page as somebody, or as nobody; complaints of the browser about policy or scripts fail the test."""
    cache.clear()
    complaints: list[str] = []
    contexts = []

    def complain(message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            complaints.append(message.text)

    def open_as(person: Any, path: str, width: int = 1300, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=live_server.url, locale="en-GB", **options
        )
        contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(person)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


def violations(page: Page) -> list[str]:
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def test_two_agents_never_answer_the_same_ticket_unknowingly(open_page, cast):
    ticket = a_ticket(cast.agent, timezone.now())
    path, field = f"/service/tickets/{ticket.pk}/", "#compose-answer textarea"
    sven = open_page(cast.service_manager, path)
    expect(sven.locator("#ticket-main")).to_contain_text("Please help.")
    sven.wait_for_load_state("networkidle")
    ada = open_page(cast.agent, path)
    expect(ada.get_by_text("Sven Service is looking at this")).to_be_visible()
    ada.fill(field, "Mine, typed slowly")
    sven.fill(field, "Sven was faster")
    sven.get_by_role("button", name="Send the answer").click()
    expect(sven.locator("#ticket-main .timeline-list").first).to_contain_text("Sven was faster")
    expect(sven.locator(field)).to_have_value("")
    ada.get_by_role("button", name="Send the answer").click()
    expect(ada.get_by_text("Written while you were typing:")).to_be_visible()
    expect(ada.locator(field)).to_have_value("Mine, typed slowly")
    assert Message.objects.filter(direction="outbound").count() == 1
    assert violations(ada) == []
    ada.get_by_role("button", name="Send the answer").click()
    expect(ada.locator("#ticket-main .timeline-list").first).to_contain_text("Mine, typed slowly")
    assert Message.objects.filter(direction="outbound").count() == 2


def test_a_note_survives_a_reload_and_the_ticket_is_resolved_from_a_phone(open_page, cast):
    ticket = a_ticket(cast.agent, timezone.now())
    page = open_page(cast.agent, f"/service/tickets/{ticket.pk}/", width=360, color_scheme="dark")
    page.get_by_role("tab", name="Internal note").click()
    page.fill("#compose-note textarea", "They have three.")
    page.reload()
    page.get_by_role("tab", name="Internal note").click()
    expect(page.locator("#compose-note textarea")).to_have_value("They have three.")
    page.get_by_role("button", name="Add the note").click()
    expect(page.locator("#ticket-main .timeline-list").first).to_contain_text("They have three.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert Ticket.objects.get().is_resolved
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(page) == []


def test_a_customer_answers_by_keyboard_on_a_phone_without_any_cookie(open_page, cast):
    contact = a_contact(a_customer(cast.rep))
    invitation = an_invitation(contact, timezone.now(), "nps")
    page = open_page(None, f"/s/{invitation.token}/?score=8", width=360, color_scheme="dark")
    expect(page.get_by_role("radio", name="8", exact=True)).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(page) == []
    page.get_by_role("radio", name="8", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.type("Friendly people.")
    assert Response.objects.count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    response = Response.objects.get()
    assert (response.score, response.comment) == (9, "Friendly people.")
    assert page.context.cookies() == []


def clicks(page: Page, name: str, pause: int) -> None:
    """Twice at the same place, as a hand does; what stands there the second time may be something else."""
    box = page.get_by_role("button", name=name, exact=True).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(pause)
    page.mouse.click(x, y)


@pytest.mark.parametrize("pause", [0, 60])
def test_a_double_click_on_resolve_resolves_and_does_not_reopen(open_page, cast, pause):
    ticket = a_ticket(cast.agent, timezone.now(), owner=cast.agent)
    page = open_page(cast.agent, f"/service/tickets/{ticket.pk}/")
    page.wait_for_load_state("networkidle")
    clicks(page, "Resolve", pause)
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    page.wait_for_load_state("networkidle")
    ticket.refresh_from_db()
    assert (ticket.is_resolved, ticket.reopen_count) == (True, 0)


def test_a_double_click_on_send_before_the_scripts_are_there_sends_one_answer(open_page, cast):
    ticket = a_ticket(cast.agent, timezone.now())
    page = open_page(cast.agent, f"/service/tickets/{ticket.pk}/", java_script_enabled=False)
    page.fill("#compose-answer textarea", "Come by tomorrow.")
    page.get_by_role("button", name="Send the answer").dblclick()
    expect(page.locator("#ticket-main .timeline-list").first).to_contain_text("Come by tomorrow.")
    page.wait_for_load_state("networkidle")
    assert list(Message.objects.filter(direction="outbound").values_list("body", flat=True)) == ["Come by tomorrow."]
