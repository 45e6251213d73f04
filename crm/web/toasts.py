"""Short confirmations with an optional Undo. Whole pages draw them from the messages; htmx answers carry them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.messages import constants
from django.http import HttpRequest

LEVELS = {
    constants.DEBUG: "info",
    constants.INFO: "info",
    constants.SUCCESS: "success",
    constants.WARNING: "warning",
    constants.ERROR: "error",
}
UNDO = "undo="
LINK = "link="


def toast(
    request: HttpRequest, text: Any, *, level: int = messages.SUCCESS, undo_url: str = "", link_url: str = ""
) -> None:
    """Tell the person what was done. `undo_url` is posted to when they press Undo; `link_url` opens the result."""
    tags = [UNDO + undo_url] if undo_url else []
    tags += [LINK + link_url] if link_url else []
    messages.add_message(request, level, str(text), extra_tags=" ".join(tags))


def as_note(message: Any) -> dict[str, str | None]:
    """A message in the form that the toast template and frontend/src/toasts.js understand."""
    tags = (message.extra_tags or "").split()
    return {
        "text": str(message.message),
        "level": LEVELS.get(message.level, "info"),
        "undo": next((tag.removeprefix(UNDO) for tag in tags if tag.startswith(UNDO)), None),
        "link": next((tag.removeprefix(LINK) for tag in tags if tag.startswith(LINK)), None),
    }
