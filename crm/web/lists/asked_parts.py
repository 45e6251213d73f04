"""Parts of a list as an address asks them: `part=stage:12`, `part=stage:!12,15` for all but these, `-` for no value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.joining import listed
from crm.web.lists.grouping import MOST, Grouping, UnknownPart, groupings

if TYPE_CHECKING:
    from crm.web.lists.base import List

PARAM = "part"
NOTHING = "-"  # as a key: the rows without a value
REST = "!"  # before the keys: all rows but those
MOST_ASKED = 4  # parts of parts
LONGEST = 1000


@dataclass(frozen=True)
class Part:
    """The rows with one of these values, or (`is_rest`) with any other."""

    grouping: Grouping
    values: tuple[Any, ...]
    is_rest: bool = False

    @property
    def text(self) -> str:
        """As it stands in an address."""
        keys = [NOTHING if value is None else self.grouping.write(value) for value in self.values]
        return f"{self.grouping.code}:{REST if self.is_rest else ''}{','.join(keys)}"

    @property
    def words(self) -> str:
        names = self.grouping.names([value for value in self.values if value is not None])
        said = listed([_("none") if value is None else names.get(value, "?") for value in self.values])
        return _("other than %(parts)s") % {"parts": said} if self.is_rest else said

    def of(self, rows: QuerySet) -> QuerySet:
        grouping, held = self.grouping, Q()
        for value in self.values:
            held |= grouping.without() if value is None else grouping.having(value)
        if not self.is_rest:
            return grouping.keyed(rows).filter(held)
        rest = ~held if None in self.values else grouping.without() | ~held  # no value is another value
        return grouping.keyed(rows).filter(rest)


def asked(list_class: type[List], texts: Iterable[str]) -> list[Part]:
    """What the parameters of an address say; UnknownPart where one says nothing the reader may ask."""
    known = groupings(list_class)
    return [_read(known, text) for text in texts]


def _read(known: dict[str, Grouping], text: str) -> Part:
    code, _colon, keys = text.partition(":")
    grouping = known.get(code)
    is_rest, keys = keys.startswith(REST), keys.removeprefix(REST)
    if grouping is None or len(text) > LONGEST:
        raise UnknownPart
    try:
        values = [None if key == NOTHING else grouping.read(key) for key in keys.split(",")[: MOST + 1]]
    except (ValidationError, OverflowError):
        raise UnknownPart from None
    return Part(grouping, tuple(values), is_rest)
