"""What the journeys do in a browser: open pages as somebody, and look at each as everybody must be able to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

WIDE, PHONE = 1280, 360
# What must never reach a person: a placeholder nobody filled, a lazy string's repr, a template's own code.
RAW = re.compile(r"%\(\w+\)[sd]|\{\{|\{%|<[\w.]+ object at |__proxy__|Traceback|\bNone\b|\bundefined\b|\[object ")
SIDEWAYS = """() => [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
    .filter((node) => !node.closest(".table-wrap, .kanban, .visually-hidden"))
    .map((node) => node.tagName + "." + node.className).slice(0, 8)"""


class Pages:
    """Pages of one test, each in a context of its own; what the browser complains of is kept in `complaints`."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(self, person: Any, path: str, *, width: int = WIDE, theme: str = "light", **options: Any) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 800}, base_url=self.url, color_scheme=theme, **options
        )
        self.contexts.append(context)
        if person is not None:
            client = Client()
            client.force_login(person)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.url}])
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path)
        return page

    def _hear(self, message: Any) -> None:
        if message.type == "error" and ("Content Security Policy" in message.text or "Error:" in message.text):
            self.complaints.append(message.text)

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def settle(page: Page) -> None:
    """Every panel has come."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("main .skeleton")).to_have_count(0, timeout=30_000)


def flaws(page: Page) -> list[str]:
    """What is wrong with the page as it stands, in words; nothing is right."""
    try:
        return _flaws(page)
    except Error as error:
        if "context was destroyed" not in str(error):
            raise
        return _flaws(page)  # it came anew while it was looked at, as one with a progress does at the end


def _flaws(page: Page) -> list[str]:
    settle(page)
    found = []
    for rule in Axe().run(page).response["violations"]:
        found += [f"{rule['id']}: {node['target']} {node['html'][:160]}" for node in rule["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"wider than the screen: {page.evaluate(SIDEWAYS)}")
    if raw := RAW.search(page.locator("body").inner_text()):
        found.append(f"raw text: {raw.group()!r}")
    return found


def flaws_everywhere(
    open_page: Pages, person: Any, paths: list[str], shots: Path | None = None
) -> dict[str, list[str]]:
    """Each page wide and on a phone, in both languages and both themes; only the pages with flaws are in the answer.

    Two of the eight ways to combine them: English, the longer language, where there is least room.
    """
    found: dict[str, list[str]] = {}
    for language, theme, width in [("en", "dark", PHONE), ("zh-hans", "light", WIDE)]:
        type(person).objects.filter(pk=person.pk).update(language=language)
        page = open_page(person, paths[0], width=width, theme=theme)
        for path in paths:
            answer = page.goto(path)
            wrong = flaws(page)
            if answer is None or answer.status != 200:
                wrong.append(f"answered {answer.status if answer else 'nothing'}")
            if wrong:
                found[f"{path} {language} {theme} {width}"] = wrong
            if shots:
                name = f"{path.strip('/').replace('/', '-') or 'home'}-{language}-{theme}-{width}.png".replace("?", "_")
                page.screenshot(path=shots / name, full_page=True)
        page.context.close()
    return found
