"""Names behind an @: offered while one types, and shown by whatever name the person has now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from crm.access import kinds
from crm.actions.mentions import AT
from crm.models import Mention, User
from crm.search import lexemes
from crm.search.normalise import fold, words
from crm.web import asked

OFFERED = 6
TAGS = re.compile(r"(<[^>]*>)")


@require_safe
def options(request: HttpRequest) -> HttpResponse:
    """Colleagues whose name begins like what is typed, and whether they see what the text is about."""
    typed = fold(request.GET.get("q", "").strip())[:40]
    record = _about(request)
    people = User.objects.visible_to(request.user).active().exclude(pk=request.user.pk)
    names = list(people.order_by("name", "pk").values_list("pk", "name"))
    chosen = [(pk, name) for pk, name in names if matches(name, typed)][:OFFERED]
    same = defaultdict(list)
    for pk, name in names:
        same[name].append(pk)
    found = User.objects.visible_to(request.user).select_related("team").in_bulk([pk for pk, _name in chosen])
    rows = [
        {
            "person": found[pk],
            "written": f"{name}#{pk}" if len(same[name]) > 1 else name,
            "sees": record is None or type(record).objects.visible_to(found[pk]).filter(pk=record.pk).exists(),
        }
        for pk, name in chosen
    ]
    return render(request, "components/mention_options.html", {"rows": rows})


def matches(name: str, typed: str) -> bool:
    """By the beginning of any word; Chinese names by any character, their pinyin and their initials too."""
    folded = fold(name)
    if not typed or folded.startswith(typed) or any(word.startswith(typed) for word in words(name)):
        return True
    spelled = [each for word in words(name) for each in lexemes.of_token(word, True)]
    return any(each.startswith(typed) for each in spelled) or (not typed.isascii() and typed in folded)


def know(records: Iterable[Any], field: str, *, kind: str = "") -> None:
    """Tell each record who is named in its text: in one query, in none where no text has an @."""
    named = [record for record in records if "@" in getattr(record, field)]
    if not named:
        return
    found: dict[int, list[Mention]] = defaultdict(list)
    kind = kind or named[0].kind
    rows = Mention.objects.of_kind(kind, [record.pk for record in named])  # scoped: of records they may see
    for mention in rows:
        found[mention.about_id].append(mention)
    for record in named:
        record.mentions_known = found[record.pk]


def shown(text: Any, mentions: Iterable[Mention]) -> SafeString:
    """The text, escaped, with everybody named in it by the name they have now."""
    escaped = conditional_escape(text)
    people = {str(conditional_escape(each.written)): each.user for each in mentions}
    if not people:
        return SafeString(escaped)
    names = "|".join(re.escape(written) for written in sorted(people, key=len, reverse=True))
    pattern = re.compile(f"{AT.pattern}(?:{names})")
    parts = TAGS.split(escaped)  # what is inside a tag, as the address of a link, is left alone
    return SafeString("".join(part if part.startswith("<") else pattern.sub(_named(people), part) for part in parts))


def _named(people: dict[str, User]) -> Any:
    return lambda found: format_html('<span class="mention">@{}</span>', people[found[0][1:]])


def _about(request: HttpRequest) -> Any:
    """What the text is about, as far as whoever writes it may see that."""
    rows = kinds.rows_of(request.GET.get("kind", ""))
    return asked.record(request.GET, "id", rows.visible_to(request.user)) if rows is not None else None
