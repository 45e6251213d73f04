"""Where a page of its own came from: a form about a record goes back to it, a form for a new one to the list.

In the dialog the cross does this; opened as a page, a form has nothing else to leave it by on a phone.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


def way_back(request: HttpRequest) -> str | None:
    match = request.resolver_match
    if match is None or not match.url_name or match.namespaces:
        return None
    parts = match.url_name.split("-")
    if parts[-1] in {"detail", "list"}:
        return None
    nouns = ["-".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
    if "pk" in match.kwargs:
        return _first([(f"{noun}-detail", [match.kwargs["pk"]]) for noun in nouns])
    if match.kwargs or parts[-1] != "new":
        return None
    # "A new quote for this opportunity": back to what it is for.
    asked = [(f"{noun}-detail", [value]) for noun, value in request.GET.items() if value.isdecimal()]
    return _first(asked + [(f"{noun}-list", []) for noun in nouns])


def _first(pages: list[tuple[str, list[str]]]) -> str | None:
    for name, args in pages:
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    return None
