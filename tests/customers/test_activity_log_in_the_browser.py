"""The ten-second form in a real browser: from any page, by keyboard or thumb, with Undo; accessible in both themes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from customers.models import Activity, Task
from tests.factories.customers import make_activity, make_contact, make_customer, make_task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def people(db):
    from crm.actions import roles
    from tests.factories.cast import Cast

    roles.install_shipped()
    return Cast()


@pytest.fixture
def open_page(browser, live_server, people):
    """Pages of the rep, at any width and in either theme; whatever the browser refuses fails the test."""
    contexts, complaints = [], []

    def open_at(path: str, *, width: int = 1280, theme: str = "light") -> Page:
        client = Client()
        client.force_login(people.rep)
        context = browser.new_context(
            viewport={"width": width, "height": 800}, base_url=live_server.url, color_scheme=theme
        )
        contexts.append(context)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        page.wait_for_load_state("networkidle")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert [text for text in complaints if "Content Security" in text or "Error:" in text] == []


def test_by_keyboard_from_a_list_with_the_next_step_and_back_by_undo(people, open_page):
    customer = make_customer(people.rep, "张伟贸易")
    make_contact(people.rep, "Carla Contact", customer=customer)
    page = open_page("/customers/")
    page.keyboard.press("l")
    page.wait_for_selector("#dialog[open] #id_customer:focus")
    page.keyboard.type("zhangwei")
    page.wait_for_selector("#id_customer_found input[type=radio]")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_selector("#activity-people input[type=checkbox]")
    page.focus("#dialog #id_subject")
    page.keyboard.type("Agreed on a visit")
    page.fill("#dialog #id_next_title", "Book the train")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toasts :text('Noted: Agreed on a visit')")
    assert not page.evaluate("document.getElementById('dialog').open")
    assert (Activity.objects.get().customer, Task.objects.get().title) == (customer, "Book the train")
    page.click("#toasts button:has-text('Undo')")
    page.wait_for_url(f"**/customers/{customer.pk}/")
    assert not Activity.objects.alive().exists()
    assert not Task.objects.alive().exists()


def test_the_story_shows_what_was_just_noted_without_a_reload(people, open_page):
    customer = make_customer(people.rep)
    page = open_page(f"/customers/{customer.pk}/")
    page.click(".page-actions >> text=Log an activity")
    page.fill("#dialog[open] #id_subject", "Sent prices")
    page.click("#dialog >> text=Log it")
    page.wait_for_selector("#timeline :text('Sent prices')")


def test_a_click_on_a_task_takes_it_off_the_list(people, open_page):
    customer = make_customer(people.rep)
    make_task(people.rep, "Send the offer", customer=customer)
    page = open_page(f"/customers/{customer.pk}/")
    page.click("[data-panel=tasks] form button")
    page.wait_for_selector("[data-panel=tasks] :text('Nothing is waiting')")
    assert Task.objects.get().is_done


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(people, open_page, theme):
    customer = make_customer(people.rep, "A name long enough to wrap on the screen of a phone GmbH & Co. KG", tier="A")
    person = make_contact(people.rep, customer=customer, phone="+442079460958")
    activity = make_activity(people.rep, customer, contacts=[person], outcome="positive")
    task = make_task(people.rep, customer=customer)
    paths = ["/", f"/customers/{customer.pk}/", f"/activities/new/?customer={customer.pk}", "/customers/new/"]
    paths += [record.get_absolute_url() for record in (person, activity, task)] + ["/customers/", "/tasks/"]
    page = open_page(paths[0], width=360, theme=theme)
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        found = Axe().run(page).response["violations"]
        told = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
        assert told == [], path
