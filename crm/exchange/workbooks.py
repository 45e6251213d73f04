"""XLSX: bounded before it is opened, read row by row, formulas as the values they last had."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from crm.exchange.unusable import Unusable
from crm.joining import listed

MAX_PARTS = 5_000
MAX_UNPACKED = 1024 * 1024 * 1024
MAX_RATIO = 200  # real workbooks stay below 50


def read_rows(file: IO[bytes], sheet: str = "") -> tuple[Iterator[list[str]], dict[str, str]]:
    _refuse_bombs(file)
    from openpyxl import load_workbook

    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception:
        # openpyxl raises whatever its XML parser met; for the person it is one thing.
        raise Unusable(_("This workbook is damaged, protected, or no .xlsx file.")) from None
    names = [each.title for each in book.worksheets]
    if not names or (sheet and sheet not in names):
        raise Unusable(_("The workbook has no sheet of this name. It has: %(names)s.") % {"names": listed(names)})
    name = sheet or names[0]
    page = book[name]
    page.reset_dimensions()  # a workbook may lie about its size
    return _cells(page), {"sheet": name}


def _cells(page: Any) -> Iterator[list[str]]:
    try:
        for row in page.iter_rows(values_only=True):
            yield _without_tail([_text(value) for value in row])
    except Unusable:
        raise
    except Exception:
        raise Unusable(_("This workbook is damaged, protected, or no .xlsx file.")) from None


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _text(value: Any) -> str:
    """As text: real dates in the one form that every profile understands, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _refuse_bombs(file: IO[bytes]) -> None:
    """A few bytes must not become gigabytes: what the archive says of itself is added up before it is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unusable(_("This workbook is damaged, protected, or no .xlsx file.")) from None
    file.seek(0)
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * packed + 50 * 1024 * 1024:
        raise Unusable(_("This workbook unpacks to more than can be read."))
