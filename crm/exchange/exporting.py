"""Tables as CSV and XLSX: streamed, with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header

from crm import events
from crm.exchange.spreadsheet import xlsx

BATCH = 1000
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What makes a spreadsheet read a cell as a formula, also in full width and behind blanks.
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_BLANKS = " \u00a0\u3000\ufeff\u200b\x00'"
_UNSAFE = re.compile(r"[^\w\-]+")


@dataclass
class Table:
    """What is exported: `records`, each turned into cells, in the language and zone of whoever asked."""

    name: str
    heads: list[str]
    records: Iterable[Any]
    cells: Callable[[Any], list[Any]]
    count: int
    language: str = field(default_factory=lambda: translation.get_language() or "en")
    zone: Any = field(default_factory=timezone.get_current_timezone)

    def batches(self) -> Iterator[list[list[Any]]]:
        """The response is sent after the request is over, when the person's language and zone are no longer set."""
        source = iter(self.records)
        while records := list(islice(source, BATCH)):
            with translation.override(self.language), timezone.override(self.zone):
                rows = [self.cells(record) for record in records]
            yield rows


def stream(queryset: QuerySet) -> Iterator[Any]:
    """The rows of a queryset by a cursor of the server, a batch at a time: memory stays flat."""
    with transaction.atomic():  # a named cursor lives in a transaction
        yield from queryset.iterator(chunk_size=BATCH)


def respond(table: Table, format: str, about: dict[str, Any], *, by: Any, at: dt.datetime) -> StreamingHttpResponse:
    """The download, and the event that says who took what."""
    if format not in TYPES:
        raise Http404
    with transaction.atomic():
        events.record("export.made", by, by=by, at=at, data={**about, "format": format, "rows": table.count})
    content = csv_parts(table) if format == "csv" else xlsx(table.name, table.heads, table.batches())
    response = StreamingHttpResponse(content, content_type=TYPES[format])
    name = file_name(table.name, timezone.localtime(at), format)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def csv_parts(table: Table) -> Iterator[str]:
    yield "\ufeff" + _lines([[neutral(head) for head in table.heads]])  # the mark tells Excel that it is UTF-8
    for batch in table.batches():
        yield _lines([[csv_cell(value) for value in row] for row in batch])


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return str(value.total_seconds())
    return neutral(str(value))


def neutral(text: str) -> str:
    """A text that a spreadsheet shows rather than runs: an apostrophe goes before what could be a formula."""
    return "'" + text if text.lstrip(_BLANKS).startswith(STARTERS) else text


def restored(text: str) -> str:
    """What `neutral` was given: an import of our own export gives back the original text."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def file_name(name: str, at: dt.datetime, format: str) -> str:
    """Customers-2026-05-13.csv: letters, digits and dashes only, in any script."""
    safe = _UNSAFE.sub("-", unicodedata.normalize("NFKC", name)).strip("-_")[:80] or "export"
    return f"{safe}-{at:%Y-%m-%d}.{format}"
