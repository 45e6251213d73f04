"""What every page needs around its content: see templates/base.html."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from crm.web import navigation
from crm.web.dialogs import is_dialog
from crm.web.shell import Offered
from crm.web.way_back import seen_by, way_back
from crm.web.words import words

THEMES = [("auto", _("Like the device")), ("light", _("Light")), ("dark", _("Dark"))]
DENSITY_COOKIE = "density"


def shell(request: HttpRequest) -> dict[str, Any]:
    """`page_base` is what a page extends: the whole shell, or only the dialog when htmx fills one."""
    return {
        "page_base": "components/dialog.html" if is_dialog(request) else "base.html",
        # A callable: only an error page asks, and only then is the session read.
        "error_base": lambda: "base.html" if _signed_in(request) else "base_public.html",
        "shell": SimpleLazyObject(lambda: _shell(request)),
    }


def _shell(request: HttpRequest) -> dict[str, Any]:
    user: Any = getattr(request, "user", None)
    signed_in = _signed_in(request)
    theme = user.theme if signed_in else "auto"
    palette_url = _url("search-palette")
    creations = navigation.creations_for(user) if signed_in else []
    offered = Offered(navigation.for_user(user) if signed_in else [], creations, palette_url)
    return {
        "theme": theme,
        # The first paint of "auto" is corrected by theme.js, which runs before anything is drawn.
        "painted": "dark" if theme == "dark" else "light",
        "density": "compact" if request.COOKIES.get(DENSITY_COOKIE) == "compact" else "normal",
        "person": user.pk if signed_in else "",
        "offered": offered,
        "sidebar": lambda: offered.sidebar(request.path),
        "back": way_back(request, seen_by(user)) if signed_in else None,
        "themes": THEMES,
        "words": words(),
        "bell_url": _url("notifications-bell"),
        "search_url": _url("search"),
        "palette_url": palette_url,
        "sessions_url": _url("usersessions_list"),
    }


def _signed_in(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated


def _url(name: str) -> str | None:
    """The address, or None where no installed part offers the page: its button is then left out."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
