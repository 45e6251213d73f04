"""Many records by what a file calls them, through an index of the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from crm.search.normalise import sort_key


def named(rows: Any, field: str, texts: Iterable[Any]) -> Any:
    """Those whose field is one of the texts. Names are indexed in the form they are sorted by."""
    texts = list(texts)
    found = rows.filter(**{f"{field}__in": texts})
    if field != "name" or not hasattr(rows.model, "sort_name"):
        return found
    longest = rows.model._meta.get_field("sort_name").max_length
    return found.filter(sort_name__in={sort_key(str(text))[:longest] for text in texts})


def told_apart(rows: Any, names: Sequence[str], wanted: Iterable[dict[str, Any]]) -> Any:
    """Those that could be one of `wanted`, by the fields that tell records apart; the pairs are compared later."""
    wanted = list(wanted)
    found = named(rows, names[0], {_key(values.get(names[0])) for values in wanted} - {None})
    for name in names[1:]:
        others = [values.get(name) for values in wanted]
        if all(isinstance(other, models.Model) for other in others):
            found = found.filter(**{f"{name}__in": {_key(other) for other in others}})
    return found


def merged(rows: Any, names: Sequence[str], wanted: Iterable[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """Those that were called so and were merged since, each with the record it became, as far as `rows` has that.

    A file from before the merge still names the old ones; what it says of them is said of the one that stayed.
    """
    model = rows.model
    if not any(field.name == "merged_into" for field in model._meta.concrete_fields):
        return []
    old = list(told_apart(model._base_manager.filter(merged_into__isnull=False), names, wanted))
    stayed = rows.in_bulk({record.merged_into_id for record in old}) if old else {}
    return [(record, stayed[record.merged_into_id]) for record in old if record.merged_into_id in stayed]


def _key(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value
