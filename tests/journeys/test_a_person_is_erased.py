"""A person asks to be erased: nothing of them is left anywhere, and no number changes."""

from __future__ import annotations

import io
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation

from crm.actions import journal, mail_receiving
from crm.actions.redaction_words import ERASED
from crm.exchange import batches, undoing
from crm.models import Event, ImportBatch, IncomingMail, MailAccount, Operation
from customers import tasks
from customers.actions import contacts, erasures
from customers.models import Activity, Contact, Customer, ErasedAddress, ErasureRequest
from customers.sales.models import Opportunity, Quote
from evaluation import engine, kpis
from evaluation.engine.scopes import COMPANY
from evaluation.formulas import periods
from service.models import Ticket
from surveys.models import Response
from tests.crm.test_import_runs import run
from tests.factories.customers import make_activity, make_contact, make_customer
from tests.factories.erased import DIGITS, EMAIL, WORD, a_person_everywhere

pytestmark = pytest.mark.django_db


def where(word: str) -> list[str]:
    """Every table in which a word stands, in whatever column: text, JSON, arrays, search words and raw letters."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, array_remove(array_agg(column_name::text) FILTER (WHERE data_type = 'bytea'), NULL)
            FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1 ORDER BY 1"""
        )
        for table, binary in cursor.fetchall():
            whole = " || ".join(["row::text", *(f"encode(row.{name}, 'escape')" for name in binary or [])])
            cursor.execute(f'SELECT {whole} FROM "{table}" AS row WHERE {whole} ILIKE %s', [f"%{word}%"])
            found += [f"{table}: {text}"[:1000] for (text,) in cursor.fetchall()]
    return found


def files() -> list[str]:
    found = []
    for month in default_storage.listdir("attachments")[0] if default_storage.exists("attachments") else []:
        for name in default_storage.listdir(f"attachments/{month}")[1]:
            with default_storage.open(f"attachments/{month}/{name}") as file:
                if WORD.encode() in file.read():
                    found.append(name)
    return found


def numbers() -> dict[str, object]:
    """What is counted, and the numbers made of it."""
    period = periods.parse("2026-Q2")
    now = timezone.now()
    return {
        "customers": Customer.objects.alive().count(),
        "contacts": Contact.objects.alive().count(),
        "activities": Activity.objects.alive().count(),
        "tickets": Ticket.objects.alive().count(),
        "scores": list(Response.objects.order_by("pk").values_list("score", flat=True)),
        "offered": [row.total for row in Quote.objects.order_by("pk")],
        "open": sum(row.amount for row in Opportunity.objects.all()),
        **{
            kpi.code: (result.value, result.numerator, result.denominator, result.n)
            for kpi in kpis.all_kpis()
            for result in [engine.value(kpi, COMPANY, period, now=now)]
        },
    }


@pytest.fixture(autouse=True)
def empty_storage(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)},
        },
    }  # fmt: skip


@pytest.fixture
def erased(cast, now, django_capture_on_commit_callbacks):
    """Wilma, after everything; what was counted before and after; and when."""
    wilma, harbour = a_person_everywhere(cast, now)
    assert len(where(WORD)) > 60
    assert (bool(where(DIGITS)), len(files())) == (True, 1)
    before, at = numbers(), now + timedelta(days=1)
    request = erasures.ask(
        wilma, asked_by="person", asked_on=at.date(), identity="known_address", by=cast.administrator, at=at
    )
    erasures.order(request, by=cast.administrator, at=at)
    with django_capture_on_commit_callbacks(execute=True):
        assert erasures.carry_out(request.pk, at)
    return wilma, harbour, request, before, at


def test_nothing_of_an_erased_person_is_left_and_no_number_changes(cast, erased, client):
    wilma, harbour, request, before, at = erased

    assert where(WORD) == []
    assert where(DIGITS) == []
    assert files() == []
    assert numbers() == before

    request.refresh_from_db()
    assert (request.state, request.decided_by, request.done_at) == ("done", cast.administrator, at)
    assert (request.counts["customers.Contact"], request.counts["customers.Activity"]) == (1, 6)
    assert not erasures.carry_out(request.pk, at)  # once
    assert Event.objects.filter(type="contact.updated", subject_id=wilma.pk, by=cast.rep).exists()  # who did what stays
    withdrawn = wilma.consents.get(state="withdrawn")
    assert (withdrawn.purpose.code, withdrawn.source, withdrawn.by) == ("marketing", "", cast.rep)
    group = Activity.objects.get(type="meeting")
    assert (group.subject, group.body) == (f"Met {ERASED} and Bob", f"Write to {ERASED}, Bob agrees")

    client.force_login(cast.administrator)
    pages = [
        record.get_absolute_url() for record in (wilma, harbour, request, *Ticket.objects.all(), *Quote.objects.all())
    ]
    pages += [reverse("contact-timeline", args=[wilma.pk]), reverse("customer-timeline", args=[harbour.pk])]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)


def test_the_person_comes_back_by_no_other_way(cast, erased, now):
    *_rest, at = erased
    admin = cast.administrator

    merge = Operation.objects.get(type="merge")
    journal.undo(merge, by=admin, at=at, rest=True)
    contacts_file = ImportBatch.objects.get()
    undoing.start(contacts_file, at=at)
    undoing.undo(contacts_file, by=admin)
    assert where(WORD) == []
    assert Customer.objects.alive().filter(form="person").count() == 2  # the merge itself is undone

    again = batches.stage(
        io.BytesIO(f"name,email\nWilma,{EMAIL}\n".encode()), target="contact", file_name="f", by=admin, at=at
    )
    batches.choose(again, {"fields": {"name": "name", "email": "email"}}, at=at)
    run(again)
    assert [(row.outcome, row.reason) for row in again.lines.exclude(number=1)] == [
        ("skipped", "email: This address was erased because the person asked for it.")
    ]
    account = MailAccount.objects.get()
    answer = f"From: {EMAIL}\nTo: office@ours.example\nSubject: Again\n\nHello"
    mail = IncomingMail.objects.create(account=account, validity=1, uid=9, raw=answer.encode(), fetched_at=at)
    mail_receiving.file(mail.pk, at)
    mail.refresh_from_db()
    assert (mail.state, bytes(mail.raw)) == ("ignored", b"")
    assert not Contact.objects.filter(email=EMAIL).exists()


def test_a_worker_that_dies_has_changed_nothing_and_the_next_one_does_it(cast, now, monkeypatch):
    wilma = make_contact(cast.rep, f"Wilma {WORD}", email=EMAIL, notes=WORD)
    request = erasures.ask(wilma, asked_by="person", asked_on=now.date(), identity="document", by=cast.manager, at=now)
    erasures.order(request, by=cast.manager, at=now)
    with monkeypatch.context() as patch:
        patch.setattr(erasures, "_describe_anew", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erasures.carry_out(request.pk, now)
    wilma.refresh_from_db()
    request.refresh_from_db()
    assert (wilma.notes, request.state, ErasedAddress.objects.count()) == (WORD, "running", 0)

    tasks.carry_out_erasures(now)
    wilma.refresh_from_db()
    assert (wilma.name, wilma.notes, ErasedAddress.objects.count()) == (ERASED, "", 1)


@pytest.mark.parametrize(
    ("who", "may_see"), [("rep", True), ("agent", True), ("analyst", True), ("outsider", False), ("nobody", False)]
)
def test_whoever_may_not_erase_changes_nothing(cast, now, client, who, may_see):
    wilma = make_contact(cast.rep, "Wilma Example", email="wilma@example.com")
    request = erasures.ask(wilma, asked_by="person", asked_on=now.date(), identity="document", by=cast.manager, at=now)
    client.force_login(getattr(cast, who))
    said = {"asked_by": "person", "asked_on": "2026-05-01", "identity": "document"}
    refused = 403 if may_see else 404
    assert client.post(reverse("contact-erasure", args=[wilma.pk]), said).status_code == refused
    assert client.get(reverse("contact-personal-data", args=[wilma.pk])).status_code == refused
    assert client.post(reverse("erasure-execution", args=[request.pk])).status_code in (403, 404)
    assert client.post(reverse("erasure-refusal", args=[request.pk]), {"reason": "duty"}).status_code in (403, 404)
    request.refresh_from_db()
    wilma.refresh_from_db()
    assert (request.state, wilma.name, ErasureRequest.objects.count()) == ("asked", "Wilma Example", 1)


def test_a_manager_notes_a_request_sees_what_would_go_and_refuses_or_erases(cast, now, client):
    wilma = make_contact(cast.rep, "Wilma Example", email="wilma@example.com")
    make_activity(cast.rep, subject="Called Wilma", contacts=[], at=now)
    client.force_login(cast.manager)
    page = client.get(reverse("contact-erasure", args=[wilma.pk]))
    assert "What would be erased" in page.content.decode()
    said = {"asked_by": "person", "asked_on": "2026-05-01", "identity": "document"}
    client.post(reverse("contact-erasure", args=[wilma.pk]), said)
    client.post(reverse("contact-erasure", args=[wilma.pk]), said)  # sent twice
    request = ErasureRequest.objects.get()
    client.post(reverse("erasure-refusal", args=[request.pk]), {"reason": "duty"})
    client.post(reverse("erasure-execution", args=[request.pk]))  # too late: it was refused
    request.refresh_from_db()
    assert (request.state, request.reason, request.decided_by) == ("refused", "duty", cast.manager)
    client.post(reverse("contact-erasure", args=[wilma.pk]), said)
    second = ErasureRequest.objects.open().get()
    client.post(reverse("erasure-execution", args=[second.pk]))
    tasks.carry_out_erasures(now)
    wilma.refresh_from_db()
    assert (wilma.name, wilma.email, wilma.do_not_contact) == (ERASED, "", True)
    type(cast.manager).objects.filter(pk=cast.manager.pk).update(language="zh-hans")
    with translation.override("en"):  # the pages leave the reader's language behind
        page = client.get(reverse("contact-detail", args=[wilma.pk])).content.decode()
        form = client.get(reverse("contact-edit", args=[wilma.pk])).content.decode()
    assert "[已删除]" in page  # read in the reader's language …
    assert ERASED not in page
    assert f'value="{ERASED}"' in form  # … and sent back as it is kept


def test_the_person_is_told_what_is_held_and_only_what_the_reader_may_see(cast, now, client):
    harbour = make_customer(cast.rep, "Harbour Ltd")
    wilma = make_contact(cast.rep, "Wilma Example", customer=harbour, email="wilma@example.com")
    make_activity(cast.rep, harbour, "Called Wilma", contacts=[wilma])
    theirs = make_customer(cast.outsider, "Far away")
    contacts.link(wilma, customer=theirs, by=cast.administrator, at=now)
    make_activity(cast.outsider, theirs, "Secret call", contacts=[wilma])
    client.force_login(cast.manager)
    told = client.get(reverse("contact-personal-data", args=[wilma.pk]) + "?format=json").json()["held"]
    assert told["customers.Contact"]["rows"][0]["email"] == "wilma@example.com"
    assert [row["subject"] for row in told["customers.Activity"]["rows"]] == ["Called Wilma"]
    assert told["customers.Activity"]["withheld"] == 1
    read = client.get(reverse("contact-personal-data", args=[wilma.pk])).content.decode()
    assert ("Secret call" in read, "<dd>False</dd>" in read, "<dd>no</dd>" in read) == (False, False, True)
    assert Event.objects.filter(type="contact.personal_data_read", by=cast.manager).count() == 2
