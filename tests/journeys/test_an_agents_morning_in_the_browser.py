"""An agent's morning: the next ticket, answered, waited for, resolved; then the customer says how it was."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Task
from service.models import Message, Ticket
from service.models.sla import Priority
from surveys.models import Invitation, Response
from tests.factories.service import a_contact, a_customer, a_queue, a_ticket
from tests.factories.surveys import deliver
from tests.journeys.browsing import PHONE, Pages, flaws, flaws_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ticket(cast: Any) -> Ticket:
    """The more urgent of two unassigned tickets."""
    now = timezone.now()
    contact = a_contact(a_customer(cast.rep, "Northern Mills"), "Carla Contact")
    queue = a_queue(cast.north, "Help desk")
    a_ticket(cast.service_manager, now - timedelta(hours=1), queue=queue, subject="A question of colour")
    return a_ticket(
        cast.service_manager, now - timedelta(hours=2), queue=queue, contact=contact, customer=contact.customers.get(),
        subject="The mill stands still", priority=Priority.URGENT,
    )  # fmt: skip


def answer_wait_and_resolve(page: Page) -> None:
    main = page.locator("#ticket-main")
    page.fill("#compose-answer textarea", "Press the green button for ten seconds.")
    page.get_by_role("button", name="Send the answer").click()
    expect(main.locator(".timeline-list").first).to_contain_text("Press the green button")
    page.get_by_role("button", name="Wait for the customer").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert Ticket.objects.get(subject="The mill stands still").is_paused
    assert flaws(page) == []
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Wait for the customer")).to_be_visible()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def link_in_the_mail(to: str) -> str:
    (asking,) = [message for message in mail.outbox if message.to == [to] and "/s/" in message.body]
    found = re.search(r"https?://[^/]+(/s/\S+?/)(?:\?|\s|$)", asking.body)
    assert found
    return found.group(1)


def test_an_agent_resolves_the_next_ticket_and_the_customers_answer_becomes_a_task(
    cast: Any, ticket: Ticket, open_page: Pages
) -> None:
    page = open_page(cast.agent, "/service/")
    expect(page.locator("section", has_text="Next ticket to take").first).to_contain_text("The mill stands still")
    assert flaws(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Take it").click()
    assert Ticket.objects.get(pk=ticket.pk).owner == cast.agent
    assert flaws(page) == []
    answer_wait_and_resolve(page)
    assert Message.objects.filter(direction="outbound").count() == 1
    assert Ticket.objects.get(pk=ticket.pk).is_resolved
    assert flaws(page) == []

    deliver(timezone.now())
    asked = Invitation.objects.get()
    assert (asked.contact, asked.owner, asked.state) == (ticket.contact, cast.agent, Invitation.State.SENT)
    phone = open_page(None, link_in_the_mail("carla@acme.example"), width=PHONE)
    expect(phone.locator("body")).to_contain_text("The mill stands still")
    assert flaws(phone) == []
    phone.locator("label", has=phone.locator("input[value='2']")).click()
    phone.get_by_role("textbox").first.fill("It took the whole night.")
    phone.get_by_role("button", name="Send my answer").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert flaws(phone) == []
    assert (Response.objects.get().score, Response.objects.get().comment) == (2, "It took the whole night.")

    deliver(timezone.now())
    task = Task.objects.get()
    assert (task.owner, task.title) == (cast.rep, "Unhappy answer of Carla Contact: 2 of 5")
    today = open_page(cast.rep, "/tasks/")
    expect(today.locator("main")).to_contain_text("Unhappy answer of Carla Contact: 2 of 5")
    page.reload()
    expect(page.locator("main")).to_contain_text("It took the whole night.")


def test_an_agents_pages_are_sound_in_both_languages_both_themes_and_on_a_phone(
    cast: Any, ticket: Ticket, open_page: Pages
) -> None:
    paths = [
        "/service/",
        ticket.get_absolute_url(),
        "/service/tickets/new/",
        "/surveys/",
        "/responses/",
        "/invitations/",
    ]
    assert flaws_everywhere(open_page, cast.agent, paths) == {}
