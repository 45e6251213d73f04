"""A large file with bad rows in it, whose worker is killed twice: every row is settled once, and its person told so."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import time

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from crm.exchange import batches, running
from crm.models import ImportBatch, ImportJournal, ImportRow, Notification, SearchDocument
from customers.models import Customer, MatchKey, Standing
from tests.crm.killing.workers import Workers, doorbell, environment

pytestmark = pytest.mark.django_db(transaction=True)
# Of each hundred rows, three are wrong in a way of their own. A hundred thousand take minutes: not in every run.
ROWS = int(os.environ.get("YARDSTICK_ROWS_TO_IMPORT", "20000"))
BAD = ROWS // 100 * 3
KILLS = 2
PATIENCE = 600  # seconds for all of it
FIELDS = {"number": "number", "name": "name", "employees": "staff", "email": "mail"}
REASONS = {
    17: "employees: “many” is not a number.",
    18: "email: Enter a valid email address.",
    19: "name: This is missing, and the profile does not allow that.",
}


def file() -> io.BytesIO:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["number", "name", "staff", "mail"])
    for row in range(ROWS):
        turn = row % 100
        rows.writerow([
            f"N{row:06}", "" if turn == 19 else f"Kunde {row} 客户", "many" if turn == 17 else row % 500,
            "nobody at all" if turn == 18 else f"info@customer{row}.example",
        ])  # fmt: skip
    return io.BytesIO(text.getvalue().encode())


def test_every_row_arrives_once_or_with_its_reason_although_the_worker_is_killed_twice(cast, client, tmp_path):
    cache.clear()
    batch = batches.stage(file(), target="customer", file_name="all.csv", by=cast.administrator, at=timezone.now())
    batches.choose(batch, {"fields": FIELDS, "identity": ["number"]}, at=timezone.now())
    running.start(batch, at=timezone.now())
    client.force_login(cast.administrator)
    address = reverse("import-detail", args=[batch.pk])

    env = environment("filesystem://", tmp_path)
    with contextlib.ExitStack() as stack:
        bell = stack.enter_context(contextlib.closing(doorbell(env)))
        workers = Workers(env, tmp_path / "worker.log")
        stack.callback(workers.end)
        kills, until = 0, time.monotonic() + PATIENCE
        workers.start()
        while (batch := ImportBatch.objects.get(pk=batch.pk)).state == "running":
            assert time.monotonic() < until, (batch.settled, workers.log.read_text()[-3000:])
            bell.send_task("crm.work_on_import", kwargs={"batch_id": batch.pk}, ignore_result=True)
            if kills < KILLS and batch.settled >= (kills + 1) * ROWS // (KILLS + 2):
                workers.kill()
                kills += 1
                assert client.get(address).status_code == 200
                workers.start()
            time.sleep(0.3)
    assert (batch.state, kills, batch.settled) == ("done", KILLS, ROWS), workers.log.read_text()[-3000:]

    good = ROWS - BAD
    assert (batch.count("created"), batch.count("error")) == (good, BAD)
    assert (Customer.objects.count(), Customer.objects.values("number").distinct().count()) == (good, good)
    assert (Standing.objects.count(), ImportJournal.objects.filter(batch=batch).count()) == (good, good)
    assert SearchDocument.objects.filter(kind="customer").count() == good
    assert MatchKey.objects.filter(kind="customer").values("object_id").distinct().count() == good
    reasons = ImportRow.objects.filter(batch=batch, outcome="error").values_list("number", "reason")
    assert {(number - 2) % 100 for number, _reason in reasons} == set(REASONS)
    assert {reason for _number, reason in reasons} == set(REASONS.values())
    assert Notification.objects.filter(receiver=cast.administrator).count() == 1

    page = client.get(address).content.decode()
    assert f"{good:,}" in page
    assert f"{BAD:,}" in page
    errors = b"".join(client.get(reverse("import-errors", args=[batch.pk])).streaming_content).decode("utf-8-sig")
    told = list(csv.reader(io.StringIO(errors)))[1:]
    assert len(told) == BAD
    assert {line[-1] for line in told} == set(REASONS.values())
