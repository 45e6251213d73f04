"""What people ask for in the wizard: each step notes what is wanted and leaves the work to a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from crm.exchange import batches, profiles, running, undoing, working
from crm.exchange.unusable import Unusable
from crm.models.import_batch import ImportBatch

State = ImportBatch.State


@transaction.atomic
def upload(
    *, kind: str, file: UploadedFile, by: Any, at: datetime, profile: UploadedFile | None = None, encoding: str = "",
    separator: str = "", sheet: str = "",
) -> ImportBatch:  # fmt: skip
    """Read the file; with a profile it goes straight to the check."""
    content = _content(profile) if profile else {}
    batch = batches.stage(
        file, target=kind, file_name=file.name or "", by=by, at=at,
        encoding=encoding or content.get("encoding", ""),
        separator=separator or content.get("separator", ""),
        sheet=sheet or content.get("sheet", ""),
    )  # fmt: skip
    if content:
        choose_and_check(batch, content, at=at)
    return batch


@transaction.atomic
def choose_and_check(batch: ImportBatch, content: dict[str, Any], *, at: datetime) -> None:
    """Take over the columns and have every row looked at."""
    _refuse_started(batch)
    profile = batches.choose(batch, content, at=at)
    running.require(batch, profile)
    batch.enter(State.CHECKING, at)
    batch.save()
    working.ask(batch)


@transaction.atomic
def run(batch: ImportBatch, *, at: datetime) -> None:
    """Start what was checked, or go on with what stopped."""
    if batch.cleared_at is not None:
        raise Unusable(_("What the file said is no longer on record. Upload it again."))
    if batch.state == State.FAILED and batch.started_at is not None:
        batch.problem = ""
        batch.enter(State.RUNNING, at)
        batch.save()
    elif batch.state == State.CHECKED:
        running.start(batch, at=at)
    working.ask(batch)


@transaction.atomic
def undo(batch: ImportBatch, *, at: datetime, force: bool = False) -> None:
    undoing.start(batch, at=at, force=force)
    working.ask(batch)


def _refuse_started(batch: ImportBatch) -> None:
    if batch.started_at is not None or batch.is_working:
        raise Unusable(_("This import has begun already. Upload the file again to read it differently."))


def _content(file: UploadedFile) -> dict[str, Any]:
    try:
        return profiles.read(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unusable(_("The profile is not text in UTF-8.")) from None
