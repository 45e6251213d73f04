"""Paging by the last row seen. The native row comparison stays fast at any depth; OR-chains do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan


def after(queryset: Any, fields: Sequence[str], values: Sequence[Any], *, descending: bool) -> Any:
    """Rows that come after `values` when ordered by `fields`, all in the same direction.

    `fields` end in a unique one and hold no NULL: order by a coalesced annotation where they could.
    """
    lookup = TupleLessThan if descending else TupleGreaterThan
    return queryset.filter(lookup(Tuple(*[F(name) for name in fields]), tuple(values)))
