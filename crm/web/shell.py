"""The parts of the shell that are the same on page after page, drawn once for all who are offered the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import get_script_prefix, get_urlconf
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from crm.web.navigation import Item, Section, current


class Offered:
    """What a person may open and make. Equal where the entries are the same, whoever the person is."""

    def __init__(self, sections: list[Section], creations: list[Item], palette_url: str | None) -> None:
        self.sections, self.creations, self.palette_url = sections, creations, palette_url
        pages = tuple((section.code, *(item.url_name for item in section.items)) for section in sections)
        where = (get_urlconf() or settings.ROOT_URLCONF, get_script_prefix(), palette_url)
        self.key = (pages, tuple(item.url_name for item in creations), where)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Offered) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def sidebar(self, path: str) -> SafeString:
        return _drawn("components/shell/sidebar.html", self, get_language(), current(self.sections, path))

    @property
    def creation_menu(self) -> SafeString:
        return _drawn("components/shell/creation_menu.html", self, get_language())

    @property
    def key_help(self) -> SafeString:
        return _drawn("components/shell/key_help.html", self, get_language())


@lru_cache(2000)
def _drawn(template: str, offered: Offered, language: str | None, current: str | None = None) -> SafeString:
    context: dict[str, Any] = {"offered": offered, "current": current}
    return SafeString(render_to_string(template, context))
