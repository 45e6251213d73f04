"""The system's Chromium, signed in, for the tests of the shell. Whatever the policy blocks fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from crm.web import navigation, panels
from tests.factories.crm import UserFactory


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing registered, whatever the apps have put into the menus and slots."""
    monkeypatch.setattr(navigation, "_items", {code: {} for code in navigation.SECTIONS})
    monkeypatch.setattr(navigation, "_creations", {})
    monkeypatch.setattr(panels, "_panels", {})


@pytest.fixture
def shell_templates(settings: Any, bare_shell: None) -> None:
    """The pages of tests/crm/templates, beside the real ones, in a bare shell."""
    real = settings.TEMPLATES[0]
    here = settings.BASE_DIR / "tests/crm/templates"
    settings.TEMPLATES = [{**real, "DIRS": [*real["DIRS"], here]}]


@pytest.fixture
def page(browser: Browser, live_server: Any, shell_templates: None) -> Iterator[Page]:
    user = UserFactory(name="Anna Snelling", email="anna@example.com")
    client = Client()
    client.force_login(user)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=live_server.url)
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints  # type: ignore[attr-defined]
    yield page
    context.close()
    refused = [text for text in complaints if "Content Security Policy" in text or "Error:" in text]
    assert refused == [], refused
