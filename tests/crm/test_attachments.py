"""Files of records: who may read them, what a hostile upload gets, and that nothing is kept twice or for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crm.actions import attachments, journal
from crm.models import Attachment, Event, EventLink
from crm.models.file_names import is_program, safe_name, sniffed
from customers.actions import merging
from tests.architecture.examples import MAKERS

PDF = b"%PDF-1.7 what was agreed"


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)},
        },
    }  # fmt: skip


@pytest.fixture
def customer(cast):
    return MAKERS["customer"](cast.rep, cast.north)


def keep(record, by, now, name="offer.pdf", content=PDF):
    [kept] = attachments.add(record, [SimpleUploadedFile(name, content, "text/html")], by=by, at=now)
    return kept


def status(client, url):
    answer = client.get(url)
    if answer.streaming:  # read to its end, which closes the file
        list(answer.streaming_content)
    return answer.status_code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\offer.pdf", "offer.pdf"),
        ("fdp\u202egnp.exe", "fdpgnp.exe"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ('a"b\r\nX-Evil: 1.txt', "a_bX-Evil_ 1.txt"),
        ("报价 单.pdf", "报价 单.pdf"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_names_are_safe(given, kept):
    assert safe_name(given) == kept


@pytest.mark.parametrize(
    ("head", "name", "found"),
    [
        (b"<html><script>alert(1)</script>", "a.html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", "a.png", "text/plain"),
        (b"%PDF-1.4", "a.html", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "a.txt", "image/png"),
        (b"\x00\x01\x02", "a.txt", "application/octet-stream"),
        ("报价".encode()[:-1], "a.txt", "text/plain"),
        (b"PK\x03\x04rest", "a.zip", "application/zip"),
    ],
)
def test_the_bytes_say_what_a_file_is(head, name, found):
    assert sniffed(head, name) == found


def test_programs_are_known_by_name_and_by_bytes():
    asked = [("a.EXE", b"text"), ("a.pdf", b"MZ\x90"), ("a.txt", b"#!/bin/sh"), ("a.pdf", PDF)]
    assert [is_program(name, head) for name, head in asked] == [True, True, True, False]


@pytest.mark.django_db
def test_who_sees_the_record_reads_its_files_and_nobody_else(cast, client, customer, now):
    kept = keep(customer, cast.rep, now)
    url = reverse("attachment-download", args=[kept.pk])
    statuses = {}
    for person in (cast.rep, cast.teammate, cast.outsider, cast.nobody):
        client.force_login(person)
        statuses[person.name] = status(client, url)
    assert statuses == {"Rosa Rep": 200, "Tom Teammate": 200, "Olaf Outsider": 404, "Nils Nobody": 404}
    type(customer)._base_manager.filter(pk=customer.pk).update(deleted_at=now)
    client.force_login(cast.rep)
    assert status(client, url) == 404  # in the bin with its record, and back with it
    type(customer)._base_manager.filter(pk=customer.pk).update(deleted_at=None)
    assert status(client, url) == 200


@pytest.mark.django_db
def test_a_download_is_never_shown_in_our_name(cast, client, customer, now):
    kept = keep(customer, cast.rep, now, 'pay"load.html', b"<script>alert(document.cookie)</script>")
    client.force_login(cast.rep)
    answer = client.get(reverse("attachment-download", args=[kept.pk]))
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"] == 'attachment; filename="pay_load.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(answer.streaming_content) == b"<script>alert(document.cookie)</script>"


@pytest.mark.django_db
def test_several_are_added_in_the_browser_and_told_on_the_timeline(cast, client, customer):
    client.force_login(cast.rep)
    url = reverse("record-files", args=["customer", customer.pk])
    files = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.txt", "价格".encode())]
    answer = client.post(url, {"files": files}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert sorted(Attachment.objects.about(customer).values_list("name", "size", "content_type")) == [
        ("a.pdf", len(PDF), "application/pdf"), ("b.txt", 6, "text/plain"),
    ]  # fmt: skip
    event = Event.objects.get(type="customer.file_added")
    assert [file["name"] for file in event.data["files"]] == ["a.pdf", "b.txt"]
    assert EventLink.objects.filter(event=event, kind="customer", object_id=customer.pk).exists()
    page = client.get(reverse("customer-detail", args=[customer.pk])).content.decode()
    assert "Files added: a.pdf, b.txt" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.exe", b"text", "a.exe is a program; programs are not kept here."),
        ("a.pdf", b"", "a.pdf is empty."),
        ("a.pdf", b"x" * 1025, "a.pdf is larger than 0 MB."),
    ],
)
def test_what_is_refused_leaves_nothing_behind(cast, client, customer, settings, tmp_path, name, content, reason):
    settings.ATTACHMENT_MAX_BYTES = 1024
    client.force_login(cast.rep)
    files = [SimpleUploadedFile("good.pdf", PDF), SimpleUploadedFile(name, content)]
    answer = client.post(
        reverse("record-files", args=["customer", customer.pk]), {"files": files}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not Attachment.objects.exists()
    assert not Event.objects.filter(type="customer.file_added").exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_the_same_file_sent_twice_is_there_once_and_the_number_is_limited(cast, customer, now, settings):
    first = keep(customer, cast.rep, now)
    assert keep(customer, cast.rep, now) == first
    assert Event.objects.filter(type="customer.file_added").count() == 1
    settings.ATTACHMENTS_PER_RECORD = 1
    with pytest.raises(ValidationError, match="At most 1 files at one record"):
        keep(customer, cast.rep, now, "other.pdf")
    assert Attachment.objects.count() == 1


@pytest.mark.django_db
def test_taken_away_it_comes_back_and_is_gone_after_the_days_in_the_bin(cast, client, customer, now, settings):
    kept = keep(customer, cast.rep, now)
    client.force_login(cast.teammate)  # sees the customer, may not change it
    assert client.post(reverse("attachment-removal", args=[kept.pk])).status_code == 403
    client.force_login(cast.rep)
    client.post(reverse("attachment-removal", args=[kept.pk]))
    assert status(client, reverse("attachment-download", args=[kept.pk])) == 404
    client.post(reverse("attachment-restoration", args=[kept.pk]))
    assert status(client, reverse("attachment-download", args=[kept.pk])) == 200
    attachments.remove(kept, by=cast.rep, at=now)
    later = now + timedelta(days=settings.ATTACHMENT_BIN_DAYS)
    assert attachments.clear_away(later - timedelta(seconds=1)) == 0
    assert attachments.clear_away(later) == 1
    assert not default_storage.exists(kept.file)
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_what_an_upload_left_behind_is_cleared_away_a_day_later(cast, customer, now):
    kept = keep(customer, cast.rep, now)
    left = default_storage.save("attachments/2026-05/abandoned", ContentFile(b"half"))
    written = default_storage.get_modified_time(left)
    assert attachments.clear_away(written + timedelta(hours=23)) == 0
    assert attachments.clear_away(written + timedelta(hours=25)) == 1
    assert [default_storage.exists(left), default_storage.exists(kept.file)] == [False, True]
    assert attachments.clear_away(written + timedelta(hours=25)) == 0
    with default_storage.open(kept.file) as content:
        assert content.read() == PDF


@pytest.mark.django_db
def test_merged_the_files_go_along_and_undone_they_go_back(cast, customer, now):
    other = MAKERS["customer"](cast.rep, cast.north)
    mine, theirs = keep(customer, cast.rep, now), keep(other, cast.rep, now, "contract.pdf", PDF + b"2")
    # The id of another kind of record may be the same number: its files stay where they are.
    Attachment.objects.create(
        about_kind="contact", about_id=other.pk, name="a", file="a", content_type="text/plain", size=1, at=now
    )
    operation = merging.merge(customer, other, chosen={}, by=cast.rep, at=now)
    assert set(Attachment.objects.about(customer)) == {mine, theirs}
    assert Attachment.objects.filter(about_kind="contact", about_id=other.pk).count() == 1
    journal.undo(operation, by=cast.rep, at=now)
    assert [list(Attachment.objects.about(each)) for each in (customer, other)] == [[mine], [theirs]]


@pytest.mark.django_db
def test_programs_list_add_and_read_files_under_the_same_rules(cast, client, customer, now):
    url, sent = "/api/v1/files/", {"about_kind": "customer", "about_id": customer.pk}
    answers = {}
    for person in (cast.rep, cast.teammate, cast.outsider):
        client.force_login(person)
        answer = client.post(url, {**sent, "file": SimpleUploadedFile("a.html", b"<b>", "text/html")})
        answers[person.name] = answer.status_code
    assert answers == {"Rosa Rep": 201, "Tom Teammate": 403, "Olaf Outsider": 404}
    kept = Attachment.objects.get()
    client.force_login(cast.outsider)
    assert client.get(url, sent).json()["results"] == []
    assert status(client, f"{url}{kept.pk}/content/") == 404
    client.force_login(cast.teammate)
    [row] = client.get(url, sent).json()["results"]
    assert (row["name"], row["size"], row["content_type"], row["by"]) == ("a.html", 3, "text/plain", cast.rep.pk)
    answer = client.get(f"{url}{kept.pk}/content/")
    assert b"".join(answer.streaming_content) == b"<b>"
    assert answer["Content-Disposition"] == 'attachment; filename="a.html"'
