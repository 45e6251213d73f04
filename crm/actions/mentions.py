"""Naming a colleague in a text: each is told once, with a link if they may see the record."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.models import Mention, User
from crm.search.normalise import is_unspaced

# Not in the middle of a word: that is a mail address.
AT = re.compile(r"(?<![A-Za-z0-9._%+/-])@(?=\S)")
NUMBER = re.compile(r"#(\d{1,18})")
KEY = "mention"
MENTIONED = gettext_noop("%(who)s mentioned you: %(record)s")
OUT_OF_SIGHT = gettext_noop("%(who)s mentioned you at a record that you may not see. Ask %(who)s for access.")


@transaction.atomic
def keep(about: Any, text: str, *, by: Any, at: datetime, seen: Any = None, url: str = "") -> list[User]:
    """Who is named in the text of `about`; those who were not before are told, and returned.

    `seen` is the record by which it is decided who may see it, where the text has no rule of its own. Nobody gets to
    see anything by being named.
    """
    before = {each.written: each.user_id for each in Mention.objects.about(about)}
    if by is None or ("@" not in text and not before):
        return []
    named = named_in(text, _names(by, before)) if "@" in text else {}
    Mention.objects.about(about).exclude(written__in=named).delete()
    Mention.objects.bulk_create(
        [
            Mention(user_id=pk, about_kind=about.kind, about_id=about.pk, written=written, at=at)
            for written, pk in named.items()
        ],
        ignore_conflicts=True,
    )
    fresh = set(named.values()) - set(before.values()) - {by.pk}
    told = list(User.objects.active().filter(pk__in=fresh).order_by("pk"))
    for person in told:
        _tell(person, seen or about, url, f"{KEY}:{about.kind}:{about.pk}", by=by, at=at)
    return told


def _names(by: Any, before: dict[str, int]) -> dict[str, list[int]]:
    """Whom the writer may name: the colleagues they see, and who was named here already, as it was written then."""
    names: dict[str, list[int]] = defaultdict(list)
    for pk, name in User.objects.visible_to(by).active().values_list("pk", "name"):
        names[name].append(pk)
    return {**names, **{written: [pk] for written, pk in before.items()}}


def _tell(person: User, record: Any, url: str, key: str, *, by: Any, at: datetime) -> None:
    who = {"who": str(by)}
    if type(record).objects.visible_to(person).filter(pk=record.pk).exists():
        values = who | {"record": str(record)}
        notify(person, MENTIONED, values=values, url=url or record.get_absolute_url(), key=key, at=at)
    else:
        notify(person, OUT_OF_SIGHT, values=who, key=key, at=at)


def named_in(text: str, names: Mapping[str, Iterable[int]]) -> dict[str, int]:
    """What is written behind each @ and who that is, of people by their names.

    The longest name counts. Of two people with one name the number behind it says which: `@Li Na#7`; without it nobody
    is meant.
    """
    known = sorted(names.items(), key=lambda each: -len(each[0]))
    found: dict[str, int] = {}
    for place in AT.finditer(text):
        rest = text[place.end() :]
        for name, ids in known:
            if rest[: len(name)].casefold() == name.casefold() and _ends(name, rest[len(name) :]):
                _note(found, rest, name, list(ids))
                break
    return found


def _ends(name: str, after: str) -> bool:
    """`@Ann` is not in `@Anna`. Names written without spaces, as in Chinese, end where they end."""
    return not after[:1].isalnum() or is_unspaced(name[-1]) or is_unspaced(after[0])


def _note(found: dict[str, int], rest: str, name: str, ids: list[int]) -> None:
    numbered = NUMBER.match(rest, len(name))
    if numbered and int(numbered[1]) in ids:
        found[rest[: numbered.end()]] = int(numbered[1])
    elif len(ids) == 1:
        found[rest[: len(name)]] = ids[0]
