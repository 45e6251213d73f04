"""An XLSX file written as it is sent: rows go out as they come, so that a million take no more memory than ten."""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

ROWS = 1_048_575  # below the head, on one sheet
LONGEST = 32_767  # characters in a cell
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001  (a cell has no zone)
_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")
MOMENT, DAY = 1, 2  # places in the list of cell styles below

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    "</fills>"
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_SHEET_START = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_END = "</sheetData></worksheet>"


class Outlet:
    """Where the archive writes to, and the response takes from."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""

    def taken(self) -> bytes:
        data, self.parts = b"".join(self.parts), []
        return data


def xlsx(name: str, head: Sequence[str], batches: Iterable[list[list[Any]]]) -> Iterator[bytes]:
    """The bytes of a workbook with one table; what does not fit on a sheet goes on to the next."""
    outlet = Outlet()
    sheets = 0
    source = iter(batches)
    rest: list[list[Any]] | None = next(source, [])
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[arg-type]
        while rest is not None:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write((_SHEET_START + _row(head)).encode())
                room = ROWS
                while rest is not None and room:
                    now, later = rest[:room], rest[room:]
                    sheet.write("".join(map(_row, now)).encode())
                    room -= len(now)
                    yield outlet.taken()
                    rest = later or next(source, None)
                sheet.write(_SHEET_END.encode())
        for path, content in _parts(name, sheets).items():
            archive.writestr(path, content)
    yield outlet.taken()


def _row(values: Iterable[Any]) -> str:
    return f"<row>{''.join(map(_cell, values))}</row>"


def _cell(value: Any) -> str:
    """Numbers as numbers, moments as moments, and every text as a text, whatever it begins with."""
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and math.isfinite(value):
        return f"<c><v>{value}</v></c>"
    if isinstance(value, dt.timedelta):
        return f"<c><v>{value.total_seconds()}</v></c>"
    if isinstance(value, dt.date) and value.year >= 1900:
        return _moment(value)
    text = escape(_CONTROL.sub("", str(value))[:LONGEST])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _moment(value: dt.date) -> str:
    if isinstance(value, dt.datetime):
        days = (value.replace(tzinfo=None) - _EPOCH) / dt.timedelta(days=1)
        return f'<c s="{MOMENT}"><v>{days:.9f}</v></c>'
    return f'<c s="{DAY}"><v>{(value - _EPOCH.date()).days}</v></c>'


def _parts(name: str, sheets: int) -> dict[str, str]:
    """The small files around the sheets."""
    numbers = range(1, sheets + 1)
    title = _SHEET_NAME.sub(" ", _CONTROL.sub("", name)).strip()[:25] or "Export"
    titles = [title if number == 1 else f"{title} {number}" for number in numbers]
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(
        f'<sheet name="{escape(text, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
        for n, text in zip(numbers, titles, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    return {
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}{styles}</Relationships>'
        ),
        "xl/styles.xml": _STYLES,
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{overrides}</Types>'
        ),
    }
