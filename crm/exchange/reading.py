"""Files of rows: CSV in whatever encoding and with whatever separator, and XLSX. Read as a stream, within limits."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _

from crm.exchange import workbooks
from crm.exchange.unusable import Unusable

MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 500
MAX_CELL = 100_000
SEPARATORS = (",", ";", "\t", "|")
SAMPLE = 256 * 1024
BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, which begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# Found by their letters; of the others, all of which write Latin letters, Western Europe's is taken, and shown.
OTHER_SCRIPTS = (
    "cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp1253", "iso8859_7", "big5", "shift_jis", "cp932", "euc_jp", "euc_kr",
    "cp949",
)  # fmt: skip
WESTERN = "cp1252"
PAIR = re.compile(rb"[\x81-\xfe]([\x30-\xfe])")


@dataclass
class Table:
    """The heads of a file and its rows. A ragged row comes with the number of cells it has."""

    heads: list[str]
    rows: Iterator[tuple[int, list[str]]]  # the row's number, counted from 1 with the heads, and its cells
    reading: dict[str, str]  # how it was read, for the person to see


def open_table(file: IO[bytes], *, encoding: str = "", separator: str = "", sheet: str = "") -> Table:
    """Read the heads and be ready for the rows; `Unusable` says in one line why a file cannot be read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size == 0:
        raise Unusable(_("The file is empty."))
    if size > MAX_BYTES:
        raise Unusable(_("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES // 1024**2})
    start = file.read(8)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        rows, reading = workbooks.read_rows(file, sheet)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unusable(_("This is a file of Excel 97 to 2003. Save it as .xlsx or as CSV."))
    elif start.startswith(b"%PDF-"):
        raise Unusable(_("The file is neither text nor a workbook."))
    else:
        rows, reading = _read_csv(file, encoding, separator)
    numbered = _numbered(rows)
    heads = next((cells for _number, cells in numbered if any(cells)), None)
    if heads is None:
        raise Unusable(_("The file has no row with column names."))
    return Table(_tidy_heads(heads), numbered, reading)


def detect_encoding(sample: bytes, whole: bool) -> str:
    """By its mark, else UTF-8 if it can be, else GB18030 if that is Chinese, else what its letters look like.

    A sample that is cut inside a character does not count against it.
    """
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    if _can_be("utf-8", sample, whole):
        return "utf-8"
    if _can_be("gb18030", sample, whole) and not _swallows_letters(sample):
        return "gb18030"
    from charset_normalizer import from_bytes

    best = from_bytes(sample[:65_536]).best()
    if best is not None and best.encoding in OTHER_SCRIPTS:
        return str(best.encoding)
    if _can_be(WESTERN, sample, whole):
        return WESTERN
    if best is None:
        raise Unusable(_("The file is not text, or in an encoding that is not known. Save it as UTF-8."))
    return str(best.encoding)


def _can_be(encoding: str, sample: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _swallows_letters(sample: bytes) -> bool:
    """Whether GB18030 would make signs of an accented letter and the plain one after it: of "Müller" 「M黮ler」."""
    pairs = PAIR.findall(sample)
    return sum(trail.isalpha() for trail in pairs) * 2 >= len(pairs)


def detect_separator(text: str) -> str:
    """The one that cuts the first rows into the same number of cells, more than one; else a comma."""
    best, most = ",", 1
    for separator in SEPARATORS:
        rows = _first_rows(text, separator)
        widths = {len(row) for row in rows if row}
        width = len(rows[0]) if rows else 0
        if width > most and (len(widths) == 1 or best == ","):
            best, most = separator, width
    return best


def _first_rows(text: str, separator: str, count: int = 20) -> list[list[str]]:
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append(row)
            if len(rows) > count:
                break
    except csv.Error:
        return []
    return rows[:-1] if len(rows) > 1 else rows  # the last one may have been cut by the sample


def _read_csv(file: IO[bytes], encoding: str, separator: str) -> tuple[Iterator[list[str]], dict[str, str]]:
    sample = file.read(SAMPLE)
    whole = len(sample) < SAMPLE
    file.seek(0)
    if b"\x00" in sample and not sample.startswith(tuple(mark for mark, _name in BOMS[1:])):
        raise Unusable(_("The file is neither text nor a workbook."))
    name = encoding or detect_encoding(sample, whole)
    try:
        text = codecs.getincrementaldecoder(name)().decode(sample, final=False)
    except (LookupError, UnicodeDecodeError):
        raise Unusable(_("The file cannot be read as %(encoding)s.") % {"encoding": name}) from None
    mark = separator or detect_separator(text.lstrip("\ufeff"))
    return _csv_rows(file, name, mark), {"encoding": name, "separator": mark}


def _csv_rows(file: IO[bytes], encoding: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)
    stream = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from csv.reader(stream, delimiter=separator)
    except UnicodeDecodeError:
        raise Unusable(_("The file cannot be read as %(encoding)s to its end.") % {"encoding": encoding}) from None
    except csv.Error as error:
        raise Unusable(_("The file is not proper CSV: %(error)s.") % {"error": error}) from None
    finally:
        stream.detach()


def _numbered(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers; empty ones at any place are no rows, but count."""
    for number, cells in enumerate(rows, start=1):
        if number > MAX_ROWS + 1:
            raise Unusable(_("The file has more than %(limit)s rows.") % {"limit": MAX_ROWS})
        if len(cells) > MAX_COLUMNS:
            raise Unusable(_("Row %(row)s has more than %(limit)s columns.") % {"row": number, "limit": MAX_COLUMNS})
        tidy = [_tidy(cell) for cell in cells]
        if any(tidy):
            yield number, tidy


def _tidy(cell: Any) -> str:
    return str(cell).replace("\x00", "").strip().lstrip("\ufeff")


def _tidy_heads(heads: list[str]) -> list[str]:
    """Names without blanks around them; a second column of the same name is called "name (2)"."""
    while heads and not heads[-1]:
        heads = heads[:-1]
    seen: dict[str, int] = {}
    names = []
    for place, head in enumerate(heads, start=1):
        name = " ".join(head.split()) or _("column %(place)s") % {"place": place}
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
