"""Files as they come: encodings, separators, quoting, workbooks, and what cannot be read."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook

from crm.exchange import declaring, profiles, reading
from crm.exchange.converting import convert
from crm.exchange.declaring import DATE, DATETIME, MONEY, NUMBER, Field
from crm.exchange.drafts import Refused
from crm.exchange.profiles import Source
from crm.exchange.unusable import Unusable

CHINESE = "名称,城市\n长城公司,北京\n黄河,上海\n"


def read(content: bytes, **how) -> tuple[list[str], list[tuple[int, list[str]]], dict[str, str]]:
    table = reading.open_table(io.BytesIO(content), **how)
    return table.heads, list(table.rows), table.reading


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (CHINESE.encode("utf-8"), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (b"\xff\xfe\x00\x00" + CHINESE.encode("utf-32-le"), "utf-32"),
    ],
)
def test_the_encoding_is_found_out(content, encoding):
    heads, rows, how = read(content)
    assert heads == ["名称", "城市"]
    assert rows == [(2, ["长城公司", "北京"]), (3, ["黄河", "上海"])]
    assert how["encoding"] == encoding


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,city\nMüller & Söhne,Köln\nÉtablissements Lefèvre,Orléans\n", "cp1252"),  # as GB18030: 「M黮ler」
        ("name,city\nNúñez,Málaga\n", "cp1252"),
        ("имя,город\nЗавод Прогресс,Москва\nИванов,Казань\n", "cp1251"),
        ("名称\n朱镕基堃\n長榮國際\n", "gb18030"),
    ],
)
def test_letters_with_accents_are_not_taken_for_chinese(text, encoding):
    heads, rows, how = read(text.encode(encoding))
    assert how["encoding"] == encoding
    assert [heads, *(cells for _number, cells in rows)] == [line.split(",") for line in text.splitlines()]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(separator):
    text = f'name{separator}note\nAcme{separator}"a, b; c | d"\nGlobex{separator}x\n'
    heads, rows, how = read(text.encode())
    assert heads == ["name", "note"]
    assert rows[0] == (2, ["Acme", "a, b; c | d"])
    assert how["separator"] == separator


def test_quoted_line_breaks_and_empty_rows_count_as_a_spreadsheet_counts_them():
    _heads, rows, _how = read(b'name,note\nAcme,"two\nlines"\n\nGlobex,x\n')
    assert rows == [(2, ["Acme", "two\nlines"]), (4, ["Globex", "x"])]


def test_heads_are_trimmed_and_kept_apart():
    heads, _rows, _how = read(b" name , city,city,\nAcme,Bonn,Ulm\n")
    assert heads == ["name", "city", "city (2)"]


def test_a_workbook_is_read_as_values():
    book = Workbook()
    sheet = book.active
    sheet.append(["name", "since", "staff", "sum"])
    sheet.append(["Acme", date(2017, 12, 31), 12.0, "=1+1"])
    sheet.append(["Globex", None, None, None])
    file = io.BytesIO()
    book.save(file)
    heads, rows, how = read(file.getvalue())
    assert heads == ["name", "since", "staff", "sum"]
    assert rows == [(2, ["Acme", "2017-12-31", "12"]), (3, ["Globex"])]  # the formula was never calculated
    assert how == {"sheet": "Sheet"}


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 120_000_000)
    with pytest.raises(Unusable, match="unpacks to more"):
        read(file.getvalue())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "neither text nor a workbook"),
        (b"PK\x03\x04broken", "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 20, "Excel 97"),
        (b"\n\n\n", "no row with column names"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(content, reason):
    with pytest.raises(Unusable, match=reason):
        read(content)


def value(text: str, type_: str, **how):
    source = Source(Field("x", "x", type_), column="x", zone=profiles._zone("Europe/Berlin"), **how)
    return convert(text, source)


def test_dates_are_read_as_the_profile_orders_them():
    assert value("03/04/2017", DATE, dates="day first") == date(2017, 4, 3)
    assert value("3/4/2017", DATE, dates="month first") == date(2017, 3, 4)
    assert value("2017年3月4日", DATE) == date(2017, 3, 4)
    assert value("04.03.17 08:30", DATETIME, dates="%d.%m.%y %H:%M") == datetime(2017, 3, 4, 7, 30, tzinfo=UTC)
    assert value("2017-07-01 09:00", DATETIME) == datetime(2017, 7, 1, 7, 0, tzinfo=UTC)
    assert value("2017-07-01T09:00:00+00:00", DATETIME) == datetime(2017, 7, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["03/04/2017", "13/13/2017", "yesterday", "2017-02-30"])
def test_a_date_that_could_be_two_or_none_is_refused(text):
    with pytest.raises(Refused):
        value(text, DATE)


def test_numbers_are_read_with_the_decimal_sign_of_the_profile():
    assert value("1,234.50", MONEY) == Decimal("1234.50")
    assert value("1.234,50", MONEY, decimal=",") == Decimal("1234.50")
    assert value("1100.04", MONEY, multiply=Decimal(1_000_000)) == Decimal("1100040000.00")
    assert value("1 234", NUMBER) == 1234


@pytest.mark.parametrize(
    ("text", "type_"), [("1,23", MONEY), ("1.5", NUMBER), ("1.234", MONEY), ("1e9", NUMBER), ("x", NUMBER)]
)
def test_a_number_that_could_be_two_or_none_is_refused(text, type_):
    with pytest.raises(Refused):
        value(text, type_)


def test_every_declared_kind_can_be_told_apart_by_its_own_fields():
    for kind in declaring.importable():
        names = {each.name for each in kind.fields}
        for identity in (*kind.identities, *kind.unique):
            assert set(identity) <= names, kind.code
        for each in kind.fields:
            if each.stored:
                kind.column(each.name)
