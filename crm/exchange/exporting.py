"""Tables as CSV and XLSX: streamed, with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.timezone import is_aware

from crm import events

BATCH = 2000
# What makes a spreadsheet read a cell as a formula, also in full width and behind blanks.
STARTERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_UNSAFE = re.compile(r"[^\w\-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass
class Table:
    name: str
    heads: list[str]
    rows: Iterable[list[Any]]
    count: int


class Echo:
    """A file for csv.writer that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def stream(queryset: QuerySet) -> Iterator[Any]:
    """The rows of a queryset by a cursor of the server, a batch at a time: memory stays flat."""
    with transaction.atomic():  # a named cursor lives in a transaction
        yield from queryset.iterator(chunk_size=BATCH)


def respond(table: Table, format: str, about: dict[str, Any], *, by: Any, at: dt.datetime) -> HttpResponseBase:
    """The download, and the event that says who took what."""
    if format not in ("csv", "xlsx"):
        raise Http404
    with transaction.atomic():
        events.record("export.made", by, by=by, at=at, data={**about, "format": format, "rows": table.count})
    name = file_name(table.name, at, format)
    if format == "csv":
        response: HttpResponseBase = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = disposition(name)
    else:
        response = FileResponse(xlsx_file(table), as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def csv_lines(table: Table) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([neutral(head) for head in table.heads])  # the mark tells Excel it is UTF-8
    for row in table.rows:
        yield writer.writerow([csv_cell(value) for value in row])


def xlsx_file(table: Table) -> Any:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)  # rows go to a temporary file as they come
    sheet = book.create_sheet(title=sheet_name(table.name))
    sheet.freeze_panes = "A2"

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=_CONTROL.sub("", value)[:32_767])
        made.data_type = "s"  # a text stays a text, whatever it begins with
        return made

    sheet.append([cell(head) for head in table.heads])
    for row in table.rows:
        sheet.append([cell(xlsx_value(value)) for value in row])
    target = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    book.save(target)
    target.seek(0)
    return target


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
    bare = text.lstrip(" \u00a0\u3000\ufeff\u200b\x00'")
    return "'" + text if bare.startswith(STARTERS) else text


def restored(text: str) -> str:
    """What `neutral` was given: an import of our own export gives back the original text."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def xlsx_value(value: Any) -> Any:
    if value is None or (isinstance(value, (int, float, Decimal, dt.date)) and not isinstance(value, dt.datetime)):
        return value
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None) if is_aware(value) else value
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return str(value)


def file_name(name: str, at: dt.datetime, format: str) -> str:
    """"Customers 2026-05-13.csv": letters, digits and dashes only, in any script."""
    safe = _UNSAFE.sub("-", unicodedata.normalize("NFKC", name)).strip("-_")[:80] or "export"
    return f"{safe}-{at:%Y-%m-%d}.{format}"


def disposition(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"


def sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31].strip() or "Export"
