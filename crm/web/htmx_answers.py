"""Makes ordinary views answer htmx well: redirects are followed by the whole page, messages travel as toasts."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from crm.web.toasts import as_note


class HtmxAnswersMiddleware:
    """Last in the list, so that it sees the answer before anything else does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.headers.get("HX-Request") != "true":
            return response
        if response.status_code in (301, 302, 303):
            return _page_redirect(request, response)
        if response.status_code < 400 and "HX-Redirect" not in response:
            _attach_toasts(request, response)
        return response


def _page_redirect(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A redirect inside a fragment would be swapped into it: the whole page goes there instead."""
    target = response["Location"]
    parts = urlsplit(target)
    if parts.path == reverse("account_login"):
        # After signing in, back to the page the person was on, not to the fragment.
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        query = dict(parse_qsl(parts.query)) | {"next": urlunsplit(("", "", page.path or "/", page.query, ""))}
        target = urlunsplit(("", "", parts.path, urlencode(query), ""))
    answer = HttpResponse(status=204, headers={"HX-Redirect": target})
    answer.cookies = response.cookies
    return answer


def _attach_toasts(request: HttpRequest, response: HttpResponse) -> None:
    notes = [as_note(message) for message in messages.get_messages(request)]
    if not notes:
        return
    known = response.headers.get("HX-Trigger", "")
    events = (
        json.loads(known) if known.startswith("{") else {name.strip(): {} for name in known.split(",") if name.strip()}
    )
    events["toasts"] = {"notes": notes}
    response["HX-Trigger"] = json.dumps(events)
