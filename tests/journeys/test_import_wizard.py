"""A file on its way through the browser: chosen, explained, looked at, imported, read about, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.exchange import working
from crm.models import ImportBatch
from customers.actions import customers
from customers.models import Customer
from tests.journeys.browsing import PHONE, WIDE, Pages, flaws

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FILE = "客户名称;行业;员工;城市\n张伟贸易;科技;12;上海\n王芳设计;零售;很多;北京\n李娜物流;科技;7;广州\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "客户.csv"
    path.write_bytes(FILE.encode("gb18030"))
    return path


@pytest.fixture
def known(cast: Any) -> Customer:
    return customers.create(name="李娜物流", industry="运输", by=cast.administrator, at=timezone.now())


def a_worker_comes_by() -> ImportBatch:
    batch = ImportBatch.objects.latest("pk")
    working.work(batch.pk, timezone.now())
    batch.refresh_from_db()
    return batch


def choose(page: Page, column: str, field: str) -> None:
    row = page.get_by_role("row", name=column)
    row.locator("select").select_option(label=field)


def upload(page: Page, file: Path) -> None:
    page.get_by_label("What is in the file?").select_option(label="customers")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("客户.csv")


def say_what_columns_are(page: Page) -> None:
    choose(page, "客户名称", "name")
    choose(page, "行业", "industry")
    choose(page, "员工", "employees")
    choose(page, "城市", "city")


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_a_chinese_file_is_imported_and_taken_back(
    cast: Any, open_page: Pages, file: Path, known: Customer, width: int
) -> None:
    page = open_page(cast.administrator, "/imports/new/", width=width)
    assert flaws(page) == []
    upload(page, file)
    say_what_columns_are(page)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("“很多” is not a number.")
    expect(preview).to_contain_text("created")
    assert flaws(page) == []
    assert Customer.objects.count() == 1

    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator("#progress")).to_be_visible()
    assert flaws(page) == []
    assert a_worker_comes_by().state == "checked"
    facts = page.locator("dl.facts")
    expect(facts).to_contain_text("will be created")
    expect(page.locator("body")).to_contain_text("employees: “很多” is not a number.")
    expect(page.locator("body")).to_contain_text("运输")
    assert flaws(page) == []
    assert Customer.objects.count() == 1

    page.get_by_role("button", name="Import now").click()
    expect(page.locator("#progress")).to_be_visible()
    assert a_worker_comes_by().state == "done"
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible()
    expect(facts).to_contain_text("Can be undone until")
    assert sorted(Customer.objects.values_list("name", "industry", "city")) == [
        ("张伟贸易", "科技", "上海"),
        ("李娜物流", "科技", "广州"),
    ]
    assert flaws(page) == []

    with page.expect_download() as download:
        page.get_by_role("link", name="Rows that are left out").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert lines == [
        "row,客户名称,行业,员工,城市,outcome,reason",
        "3,王芳设计,零售,很多,北京,error,employees: “很多” is not a number.",
    ]

    page.get_by_role("button", name="Undo this import").click()
    expect(page.locator("#progress")).to_be_visible()
    assert a_worker_comes_by().state == "undone"
    expect(facts).to_contain_text("undone")
    assert list(Customer.objects.values_list("name", "industry", "city")) == [("李娜物流", "运输", "")]
    assert flaws(page) == []
    page.goto("/imports/")
    expect(page.get_by_role("link", name="客户.csv")).to_be_visible()
    assert flaws(page) == []


def test_what_cannot_be_read_is_said_where_it_was_chosen(cast: Any, open_page: Pages, tmp_path: Path) -> None:
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\x00\x00\x01")
    page = open_page(cast.administrator, "/imports/new/", width=PHONE)
    page.get_by_label("What is in the file?").select_option(label="customers")
    page.get_by_label("File", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("neither text nor a workbook")
    assert flaws(page) == []
    assert not ImportBatch.objects.exists()


def test_a_field_chosen_twice_is_named(cast: Any, open_page: Pages, file: Path) -> None:
    page = open_page(cast.administrator, "/imports/new/", width=PHONE)
    upload(page, file)
    say_what_columns_are(page)
    choose(page, "城市", "industry")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.locator("body")).to_contain_text("is this field already.")
    assert flaws(page) == []
    assert ImportBatch.objects.get().state == "uploaded"
