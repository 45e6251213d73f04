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
    faults = [text for text in complaints if "Content Security" in text or "Error:" in text]
    assert [text for text in faults if "Failed to fetch" not in text] == []  # that was meant: there was no connection


def test_by_keyboard_from_a_list_with_the_next_step_and_back_by_undo(people, open_page):
    customer = make_customer(people.rep, "张伟贸易")
    make_contact(people.rep, "Carla Contact", customer=customer)
    page = open_page("/customers/")
    page.keyboard.press("l")
    page.wait_for_selector("#dialog[open] #id_customer:focus")
    page.keyboard.type("zhangwei")
    page.keyboard.press("Enter")  # before anything is offered: it waits, and sends no form
    page.wait_for_selector("#id_customer_found input[type=radio]:checked:focus")
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


def test_what_is_logged_without_a_connection_is_sent_once_when_it_is_back(people, open_page):
    customer = make_customer(people.rep, "张伟贸易")
    page = open_page(f"/activities/new/?customer={customer.pk}", width=360, theme="dark")
    for subject in ("Called from the tunnel", "And once more"):
        page.context.set_offline(True)
        page.fill("#id_subject", subject)
        page.fill("#id_next_title", "Send a sample")
        page.press("#id_subject", "Enter")  # the first one's note may still lie over the button
        page.wait_for_selector(f"#toasts :text('“{subject}” is kept here')")
    assert (page.input_value("#id_subject"), Activity.objects.count()) == ("", 0)
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")  # told twice
    page.wait_for_selector("#toasts :text('Sent now: “And once more”')")
    page.goto("/activities/new/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".draft-note").count() == 0
    told = Activity.objects.filter(customer=customer).order_by("pk").values_list("subject", flat=True)
    assert (list(told), Task.objects.count()) == (["Called from the tunnel", "And once more"], 2)


def test_the_story_shows_what_was_just_noted_without_a_reload(people, open_page):
    customer = make_customer(people.rep)
    page = open_page(f"/customers/{customer.pk}/")
    page.click(".page-actions >> text=Log an activity")
    page.fill("#dialog[open] #id_subject", "Sent prices")
    page.wait_for_load_state("networkidle")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url) if request.method == "GET" else None)
    page.click("#dialog >> text=Log it")
    page.wait_for_selector("#timeline :text('Sent prices')")
    page.wait_for_load_state("networkidle")
    assert len(loaded) == len(set(loaded))  # two events told of it; what shows both loads once


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
    pasted = "https://acme.example/" + "wordwithoutspace" * 6
    person = make_contact(people.rep, pasted, customer=customer, phone="+442079460958")
    activity = make_activity(people.rep, customer, pasted, contacts=[person], outcome="positive")
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
    page.goto(person.get_absolute_url())
    page.click(".page-actions >> text=Edit")
    page.wait_for_selector("#dialog[open] h2:has-text('https')")
    assert page.evaluate("document.getElementById('dialog').scrollWidth") == 360


def test_without_a_connection_it_is_kept_and_sent_once_when_there_is_one_again(people, open_page):
    customer = make_customer(people.rep)
    page = open_page(f"/customers/{customer.pk}/")
    page.click(".page-actions >> text=Log an activity")
    page.fill("#dialog[open] #id_subject", "Phoned from the train")
    page.context.set_offline(True)
    page.click("#dialog >> text=Log it")
    page.wait_for_selector("#toasts :text('is kept here')")
    assert (page.evaluate("document.getElementById('dialog').open"), Activity.objects.count()) == (False, 0)
    kept = page.evaluate("JSON.stringify(localStorage)")
    page.context.set_offline(False)
    page.wait_for_selector("#toasts :text('Sent now: “Phoned from the train”')")
    # The answer did not arrive and it is sent again: it is the same activity.
    page.evaluate("kept => Object.assign(localStorage, JSON.parse(kept))", kept)
    page.reload()
    page.wait_for_selector("#toasts :text('Sent now: “Phoned from the train”')")
    assert [activity.subject for activity in Activity.objects.all()] == ["Phoned from the train"]
    assert page.locator("#toasts form").count() == 1  # told once, with Undo
    page.goto("/tasks/")
    assert page.locator("#toasts > .toast-note").count() == 0  # and nothing of it on the next page
    assert [key for key in page.evaluate("Object.keys(localStorage)") if key.startswith("outbox")] == []


def test_the_quick_form_opens_without_a_connection_and_each_note_is_one(people, open_page):
    customer = make_customer(people.rep, "张伟贸易")
    page = open_page(f"/customers/{customer.pk}/", width=360)
    with page.expect_response(lambda answer: "/activities/new/" in answer.url):  # by itself, when nothing else is done
        pass
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for subject in ("In the tunnel", "Still in it"):
        page.keyboard.press("l")
        page.wait_for_selector("#dialog[open] :text('There is no connection')")
        page.fill("#dialog #id_subject", subject)
        page.click("#dialog >> text=Log it")
        page.wait_for_selector(f"#toasts :text('“{subject}” is kept here')")
    assert Activity.objects.count() == 0
    page.context.set_offline(False)
    page.wait_for_selector("#toasts :text('Sent now: “Still in it”')")
    told = Activity.objects.filter(customer=customer).order_by("pk").values_list("subject", flat=True)
    assert list(told) == ["In the tunnel", "Still in it"]

    with page.expect_response(lambda answer: answer.url.endswith("/activities/new/")):
        page.goto("/tasks/")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    for name, subject in (("zhangwei", "By name"), ("Nobody", "Of nobody")):
        page.keyboard.press("l")
        page.fill("#dialog[open] #id_customer", name)
        page.fill("#dialog #id_subject", subject)
        page.click("#dialog >> text=Log it")
        page.wait_for_selector(f"#toasts :text('“{subject}” is kept here')")
    page.context.set_offline(False)
    page.wait_for_selector("#toasts :text('“Of nobody” could not be saved as it is')")
    assert Activity.objects.order_by("pk").last().subject == "By name"
    page.keyboard.press("l")
    page.wait_for_selector("#dialog[open] .draft-note")
    assert page.input_value("#dialog #id_customer") == "Nobody"
