"""Forms in the dialog over a page. A page that extends `page_base` works in both, without code of its own:
posted by htmx, a form with errors (422) stays in the dialog and a redirect leaves it.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

DIALOG = "dialog#dialog"  # how htmx 4 names the target element


def is_dialog(request: HttpRequest) -> bool:
    """Whether htmx asked for the content of the dialog."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == DIALOG


def close_dialog(**events: Any) -> HttpResponse:
    """Close the dialog and stay on the page, telling it what happened: `close_dialog(activity_logged={"id": 7})`.

    Underscores become hyphens: panels with `refresh_on=("activity-logged",)` load again.
    """
    named = {name.replace("_", "-"): detail or {} for name, detail in events.items()}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"close-dialog": {}, **named})})
