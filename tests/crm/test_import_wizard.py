"""A file on its way through the pages: upload, columns with preview, check, run, result, undo."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from crm.exchange import working
from crm.models import ImportBatch, ImportProfile, Notification
from customers.models import Customer

pytestmark = pytest.mark.django_db
FILE = "Kundenname;Branche;Mitarbeiter\nAcme;technolgy;12\nGlobex;retail;many\nAcme Nord;retail;3\n"


@pytest.fixture
def signed_in(client, cast):
    client.force_login(cast.administrator)
    return client


@pytest.fixture
def batch(signed_in) -> ImportBatch:
    file = SimpleUploadedFile("kunden.csv", FILE.encode("utf-8-sig"))
    answer = signed_in.post(reverse("import-new"), {"kind": "customer", "file": file, "encoding": ""})
    found = ImportBatch.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("import-columns", args=[found.pk])
    return found


CHOICES = {
    "target_0": "name", "target_1": "industry", "values_1": "technolgy = technology", "target_2": "employees",
    "values_0": "", "values_2": "", "dates": "", "decimal": ".", "unknown": "?", "existing": "update", "save_as": "",
}  # fmt: skip


def finish(batch: ImportBatch) -> ImportBatch:
    """What a worker does when it is rung for."""
    working.work(batch.pk, timezone.now())
    batch.refresh_from_db()
    return batch


def test_the_columns_page_shows_each_column_with_samples(signed_in, batch):
    page = signed_in.get(reverse("import-columns", args=[batch.pk])).content.decode()
    assert batch.heads == ["Kundenname", "Branche", "Mitarbeiter"]
    assert batch.reading == {"encoding": "utf-8-sig", "separator": ";"}
    assert "Acme · Globex · Acme Nord" in page
    assert "Read as UTF-8." in page


def test_columns_are_known_in_either_language_and_what_is_missing_is_named_as_the_page_names_it(signed_in):
    file = SimpleUploadedFile("客户.csv", "企业名称,城市,Industry\n长城公司,北京,steel\n".encode("gb18030"))
    signed_in.post(reverse("import-new"), {"kind": "customer", "file": file, "encoding": ""})
    page = signed_in.get(reverse("import-columns", args=[(batch := ImportBatch.objects.get()).pk]))
    assert [page.context["form"][f"target_{place}"].initial for place in range(3)] == ["name", "city", "industry"]
    assert "Read as GB18030." in page.content.decode()
    told = signed_in.post(
        reverse("import-preview", args=[batch.pk]), {"target_1": "city", "decimal": ".", "existing": "skip"}
    )
    assert "Choose the column for one of these: registration number; name." in told.content.decode()


def test_the_preview_shows_what_the_first_rows_become_and_writes_nothing(signed_in, batch):
    answer = signed_in.post(reverse("import-preview", args=[batch.pk]), CHOICES)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "technology" in text
    assert "“many” is not a number." in text
    assert '<td role="cell" data-label="industry">technology</td>' in text  # on a phone each cell says what it is
    assert Customer.objects.count() == 0
    assert ImportBatch.objects.get().state == "uploaded"


def test_a_file_is_checked_run_and_undone(signed_in, batch, cast):
    answer = signed_in.post(reverse("import-columns", args=[batch.pk]), {**CHOICES, "save_as": "Kunden"})
    assert answer.status_code == 302
    assert finish(batch).state == "checked"
    assert Customer.objects.count() == 0
    page = signed_in.get(reverse("import-detail", args=[batch.pk])).content.decode()
    assert "will be created" in page
    assert "employees: “many” is not a number." in page

    signed_in.post(reverse("import-run", args=[batch.pk]))
    assert ImportBatch.objects.get().state == "running"
    assert "hx-get" in signed_in.get(reverse("import-progress", args=[batch.pk])).content.decode()
    assert finish(batch).state == "done"
    assert sorted(Customer.objects.values_list("name", "industry")) == [("Acme", "technology"), ("Acme Nord", "retail")]
    assert Notification.objects.get(receiver=cast.administrator).url == reverse("import-detail", args=[batch.pk])
    assert signed_in.get(reverse("import-progress", args=[batch.pk]))["HX-Refresh"] == "true"
    errors = b"".join(signed_in.get(reverse("import-errors", args=[batch.pk])).streaming_content).decode("utf-8-sig")
    assert errors.splitlines()[1] == "3,Globex,retail,many,error,employees: “many” is not a number."

    signed_in.post(reverse("import-undoing", args=[batch.pk]))
    assert finish(batch).state == "undone"
    assert Customer.objects.count() == 0
    assert ImportProfile.objects.get().content["fields"]["name"] == {"column": "Kundenname"}


def test_a_field_chosen_twice_is_refused_with_a_sentence(signed_in, batch):
    answer = signed_in.post(reverse("import-columns", args=[batch.pk]), {**CHOICES, "target_1": "name"})
    assert answer.status_code == 422
    assert "“Kundenname” is this field already." in answer.content.decode()


def test_a_file_that_is_no_table_is_refused_with_a_sentence(signed_in):
    file = SimpleUploadedFile("picture.csv", b"\x89PNG\x00\x00\x01")
    answer = signed_in.post(reverse("import-new"), {"kind": "customer", "file": file})
    assert answer.status_code == 422
    assert "neither text nor a workbook" in answer.content.decode()
    assert ImportBatch.objects.count() == 0


def test_a_sales_rep_may_not_import(client, cast):
    client.force_login(cast.rep)
    assert client.get(reverse("import-new")).status_code == 403
    assert client.get(reverse("import-list")).status_code == 403


def test_nobody_sees_the_imports_of_another_manager(client, cast, batch):
    client.force_login(cast.manager)
    assert client.get(reverse("import-detail", args=[batch.pk])).status_code == 404
    assert client.get(reverse("import-errors", args=[batch.pk])).status_code == 404
    assert "kunden.csv" not in client.get(reverse("import-list")).content.decode()
