"""Where a page of its own came from: a form about a record goes back to it, a form for a new one to the list.

In the dialog the cross does this; opened as a page, a form has nothing else to leave it by on a phone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from crm.access import kinds
from crm.web import asked

Sees = Callable[[str, int], bool]  # whether the record of this kind and number is there for whoever asks


def leads_here(request: HttpRequest, address: str) -> bool:
    """Whether an address that somebody sent is one of ours: only there may they be led."""
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


def way_back(request: HttpRequest, sees: Sees) -> str | None:
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
    given = [(noun, key) for noun in request.GET if (key := asked.number(request.GET, noun)) is not None]
    named = [(f"{noun}-detail", [key]) for noun, key in given if sees(noun, key)]
    return _first(named + [(f"{noun}-list", []) for noun in nouns])


def seen_by(user: Any) -> Sees:
    """What an address names is led to only where it can be opened."""

    def sees(noun: str, pk: int) -> bool:
        kind = next((kind for kind in kinds.all_kinds() if kind.code == noun and kind.detail_url), None)
        model: Any = kind.model if kind else None
        return model is not None and model.objects.visible_to(user).filter(pk=pk).exists()

    return sees


def _first(pages: list[tuple[str, list[str]]]) -> str | None:
    for name, args in pages:
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    return None
