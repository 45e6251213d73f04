"""What a file said is kept as long as its import can be undone, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from crm.exchange import retention, running, starting, undoing
from crm.exchange.unusable import Unusable
from crm.models import ImportBatch, ImportRow
from crm.models.import_batch import ImportJournal
from customers.models import Customer
from tests.crm.test_import_runs import NOW, run, stage

pytestmark = pytest.mark.django_db
FILE = "name,sector,staff,part of\nAcme,retail,12,\nGlobex,retail,many,\n"
DAY = timedelta(days=1)


@pytest.fixture
def batch(cast, settings) -> ImportBatch:
    settings.IMPORT_UNDO_DAYS = 30
    done = run(stage(FILE, cast.administrator))
    ImportBatch.objects.update(finished_at=NOW, touched_at=NOW)
    done.refresh_from_db()
    return done


def test_within_the_days_nothing_is_lost_and_the_import_can_be_undone(batch, cast):
    assert batch.kept_until == NOW + 30 * DAY
    assert retention.clear_old(NOW + 30 * DAY) == 0
    assert ImportRow.objects.earliest("number").cells == ["Acme", "retail", "12", ""]
    undoing.start(batch, at=NOW + 30 * DAY)
    undoing.undo(batch, by=cast.administrator)
    assert Customer.objects.count() == 0


def test_after_them_the_cells_go_and_what_became_of_the_rows_stays(batch):
    acme = Customer.objects.get()
    assert retention.clear_old(NOW + 31 * DAY) == 1
    rows = ImportRow.objects.values_list("number", "cells", "outcome", "reason", "record_id")
    assert list(rows) == [(2, [], "created", "", acme.pk), (3, [], "error", "", None)]
    entry = ImportJournal.objects.get()
    assert (entry.record_id, entry.label, entry.before, entry.after, entry.parts) == (acme.pk, "", {}, {}, {})
    batch.refresh_from_db()
    assert (batch.cleared_at, batch.is_emptied, batch.count("created")) == (NOW + 31 * DAY, True, 1)
    assert retention.clear_old(NOW + 32 * DAY) == 0


def test_an_import_past_its_time_cannot_be_undone_even_before_it_is_emptied(batch):
    with pytest.raises(Unusable, match="too late"):
        undoing.start(batch, at=NOW + 31 * DAY)
    retention.clear_old(NOW + 31 * DAY)
    batch.refresh_from_db()
    assert not batch.may_undo
    with pytest.raises(Unusable, match="too late"):
        undoing.start(batch, at=NOW, force=True)
    assert list(Customer.objects.values_list("name", flat=True)) == ["Acme"]


def test_clearing_that_was_cut_off_goes_on_the_next_day(batch, monkeypatch):
    def dies(*args):
        raise SystemExit

    empty = retention._empty
    monkeypatch.setattr(retention, "_empty", dies)
    with pytest.raises(SystemExit):
        retention.clear_old(NOW + 31 * DAY)
    monkeypatch.setattr(retention, "_empty", empty)
    monkeypatch.setattr(retention, "PART", 1)
    assert retention.clear_old(NOW + 32 * DAY) == 1
    assert set(map(tuple, ImportRow.objects.values_list("cells", flat=True))) == {()}


def test_a_file_nobody_imported_is_removed_and_one_being_worked_on_is_left_alone(cast, settings):
    settings.IMPORT_UNDO_DAYS = 30
    looked_at, working = stage(FILE, cast.administrator), stage(FILE, cast.administrator)
    running.check(looked_at, at=NOW)
    running.start(working, at=NOW)
    ImportBatch.objects.update(touched_at=NOW)
    assert retention.clear_old(NOW + 31 * DAY) == 1
    assert list(ImportBatch.objects.all()) == [working]
    assert ImportRow.objects.filter(batch=working).exclude(cells=[]).count() == 2


def test_an_import_that_failed_does_not_go_on_without_its_rows(batch):
    ImportBatch.objects.update(state="failed")
    retention.clear_old(NOW + 31 * DAY)
    batch.refresh_from_db()
    assert not batch.may_run
    with pytest.raises(Unusable, match="no longer on record"):
        starting.run(batch, at=NOW + 31 * DAY)


def test_the_page_says_until_when_and_then_that_it_is_over(client, batch, cast):
    client.force_login(cast.administrator)
    address = reverse("import-detail", args=[batch.pk])
    page = client.get(address).content.decode()
    assert "Can be undone until" in page
    assert "Undo this import" in page
    retention.clear_old(NOW + 31 * DAY)
    page = client.get(address).content.decode()
    assert "cannot be undone any more" in page
    assert "Undo this import" not in page
    assert reverse("import-errors", args=[batch.pk]) not in page
