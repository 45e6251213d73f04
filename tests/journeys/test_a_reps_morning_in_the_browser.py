"""A rep's morning: sign in, find, log, move, win, and see it told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Activity, Customer, Task
from customers.sales.models import Opportunity
from tests.factories.customers import make_activity, make_contact, make_customer, make_task
from tests.factories.sales import make_opportunity, make_order, stage
from tests.journeys.browsing import Pages, flaws, flaws_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a long password for a morning"


@pytest.fixture
def customer(cast: Any) -> Customer:
    """张伟贸易 of the rep, with a person, a task, a talk and an opportunity without an amount."""
    now = timezone.now()
    cast.rep.set_password(PASSWORD)
    cast.rep.save()
    customer = make_customer(cast.rep, "张伟贸易", city="上海")
    person = make_contact(cast.rep, "李娜", customer=customer, phone="+862161234567")
    make_activity(cast.rep, customer, "Sent prices", at=now, contacts=[person])
    make_task(cast.rep, "Send the offer", customer=customer, due_at=now)
    make_opportunity(cast.rep, at=now, customer=customer, name="Forty pumps", amount=None)
    make_customer(cast.rep, "Another one Ltd")
    return customer


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def find_by_pinyin(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    expect(page.get_by_role("option", name="张伟贸易").first).to_be_visible()
    page.keyboard.press("Enter")


def log_a_call(page: Page) -> None:
    page.keyboard.press("l")
    page.locator("#dialog[open] #id_subject").fill("Agreed on forty")
    page.locator("#dialog #id_next_title").fill("Book the fitter")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Noted: Agreed on forty")


def test_a_rep_signs_in_finds_logs_moves_and_wins(cast: Any, customer: Customer, open_page: Pages) -> None:
    page = open_page(None, "/")
    assert flaws(page) == []
    sign_in(page, cast.rep.email)
    expect(page).to_have_url(f"{open_page.url}/")
    assert flaws(page) == []

    find_by_pinyin(page, "zhangw")
    expect(page).to_have_url(f"{open_page.url}/customers/{customer.pk}/")
    page.wait_for_load_state("networkidle")
    log_a_call(page)
    expect(page.locator("#timeline")).to_contain_text("Agreed on forty")
    expect(page.locator("[data-panel=tasks]")).to_contain_text("Book the fitter")
    call, step = Activity.objects.get(subject="Agreed on forty"), Task.objects.get(title="Book the fitter")
    assert (call.customer, call.owner, step.customer, step.owner) == (customer, cast.rep, customer, cast.rep)

    page.goto("/sales/pipeline/")
    handle = page.get_by_role("button", name="Move Forty pumps")
    handle.focus()
    for key in ("Enter", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#live")).to_contain_text("Forty pumps moved to Negotiation.")
    expect(handle).to_be_focused()
    assert Opportunity.objects.get().stage == stage("Negotiation")
    assert flaws(page) == []

    for key in ("Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("“Forty pumps” is won")
    assert not Opportunity.objects.get().stage.is_won
    dialog.get_by_label("Sold for").fill("48000")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    won = Opportunity.objects.get()
    assert (won.stage.is_won, won.amount) == (True, Decimal("48000.00"))

    page.goto(f"/customers/{customer.pk}/")
    expect(page.locator("#timeline")).to_contain_text("Forty pumps")
    expect(page.locator("#timeline")).to_contain_text("48,000")
    assert flaws(page) == []


def test_a_reps_pages_are_sound_in_both_languages_both_themes_and_on_a_phone(
    cast: Any, customer: Customer, open_page: Pages
) -> None:
    opportunity = Opportunity.objects.get()
    order = make_order(cast.rep, at=timezone.now(), customer=customer)
    paths = [record.get_absolute_url() for record in (customer, opportunity, order)]
    paths += [
        "/",
        "/customers/",
        "/sales/pipeline/",
        "/sales/opportunities/",
        f"/activities/new/?customer={customer.pk}",
    ]
    paths += [f"/sales/opportunities/{opportunity.pk}/win/", "/sales/opportunities/new/", "/sales/orders/", "/tasks/"]
    paths += ["/calendar/", "/calendar/?view=month", "/accounts/sessions/"]
    assert flaws_everywhere(open_page, cast.rep, paths) == {}
