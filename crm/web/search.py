"""The palette and the page of results: the same findings, over all kinds the person may see."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.access import kinds
from crm.access.permissions import Verb
from crm.search import documents, finding, lexemes, normalise
from crm.web import navigation
from crm.web.lists import registry

IN_PALETTE = 24
EACH = 6  # of one kind, in the palette
ON_PAGE = 100
COMMANDS = 6


@dataclass(frozen=True)
class Command:
    label: str
    url: str
    icon: str
    dialog: bool = False


@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Options for the palette: what was found, by kind, and the commands whose words begin so."""
    text = request.GET.get("q", "")
    hits = finding.find(request.user, text, limit=IN_PALETTE)
    context = {
        "groups": grouped(hits),
        "commands": commands(request.user, text),
        "commands_first": is_a_command(request.user, text),
        "all_url": f"{reverse('search')}?{urlencode({'q': text.strip()})}" if hits else "",
        "q": text.strip(),
    }
    return render(request, "search/palette.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything found for `q`, of one kind or of all."""
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:200]
    user: Any = request.user
    offered = [kind for kind in documents.searchable_kinds() if user.access.may(kind, Verb.VIEW)]
    kind = request.GET.get("kind", "")
    kind = kind if kind in offered else ""
    hits = finding.find(user, text, only=[kind] if kind else None, limit=ON_PAGE)
    context = {
        "q": text,
        "kind": kind,
        "hits": hits,
        "is_cut": len(hits) == ON_PAGE,
        "limit": ON_PAGE,
        "tabs": [_tab(text, "", _("All"), kind)]
        + [_tab(text, code, capfirst(str(kinds.get(code).label_plural)), kind) for code in offered],
        "list_url": list_url(kind, text) if kind else "",
    }
    return render(request, "search/page.html", context)


def grouped(hits: list[finding.Hit]) -> list[tuple[str, list[finding.Hit]]]:
    """By kind, the kind of the best hit first; a few of each."""
    order = list(dict.fromkeys(hit.kind for hit in hits))
    by_kind = groupby(sorted(hits, key=lambda hit: order.index(hit.kind)), key=lambda hit: hit.kind)
    return [(capfirst(str(kinds.get(code).label_plural)), list(found)[:EACH]) for code, found in by_kind]


def commands(user: Any, text: str) -> list[Command]:
    """ "New customer", "Go to tickets": each word typed must begin a word of the command."""
    typed = normalise.words(text)
    if not typed:
        return []
    offered = [
        Command(str(item.label), item.url, item.icon, item.dialog) for item in navigation.creations_for(user)
    ] + [
        Command(_("Go to %(page)s") % {"page": item.label}, item.url, item.icon)
        for section in navigation.for_user(user)
        for item in section.items
    ]
    return [command for command in offered if _begins(typed, command.label)][:COMMANDS]


def is_a_command(user: Any, text: str) -> bool:
    """Whether what is typed opens with the whole first word of a command: "log", "new cust"."""
    first = text.casefold().split()[:1]
    return bool(first) and any(each.label.casefold().split()[:1] == first for each in commands(user, text))


def _begins(typed: list[str], label: str) -> bool:
    known = lexemes.lexemes(lexemes.Words(title=label))
    return all(any(word.lstrip("=~").startswith(one) for word in known) for one in typed)


def list_url(kind: str, text: str) -> str:
    """The list of that kind, narrowed by the same words: there one can sort, page and export."""
    for name, list_class in registry.all_lists().items():
        if list_class.kind == kind and not list_class.is_nested:
            return f"{reverse(name)}?{urlencode({'q': text})}"
    return ""


def _tab(text: str, code: str, label: str, current: str) -> dict[str, Any]:
    query = urlencode({"q": text, "kind": code} if code else {"q": text})
    return {"label": label, "url": f"{reverse('search')}?{query}", "active": code == current}
