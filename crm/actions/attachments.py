"""Files of a record: added, taken away, brought back, and cleared away for good."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import events
from crm.access import together
from crm.joining import listed
from crm.models import Attachment
from crm.models.file_names import is_program, safe_name, sniffed

FOLDER = "attachments"
HEAD = 4096
ABANDONED = timedelta(days=1)  # an upload takes less


@transaction.atomic
def add(record: Any, files: Sequence[File[Any]], *, by: Any, at: datetime) -> list[Attachment]:
    """Keep these files with the record: all of them or, with the reasons, none. One that is there already stays one."""
    _refuse(record, files)
    locked = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    known = Attachment.objects.alive().about(locked)
    if known.count() + len(files) > settings.ATTACHMENTS_PER_RECORD:
        raise ValidationError(_("At most %(count)s files at one record.") % {"count": settings.ATTACHMENTS_PER_RECORD})
    kept, new = [], []
    for file in files:
        attachment = _described(locked, file, by=by, at=at)
        there = known.filter(name=attachment.name, sha256=attachment.sha256).first()
        if there is None:
            _store(attachment, file)
            new.append(attachment)
        kept.append(there or attachment)
    if new:
        _tell("file_added", locked, new, by=by, at=at)
    return kept


@transaction.atomic
def enclose(record: Any, files: Sequence[File[Any]], *, by: Any, at: datetime) -> list[Attachment]:
    """Keep the files that came with a letter, or leave with it. Nothing is told: a letter may be somebody's own."""
    if not files:
        return []
    _refuse(record, files)
    if sum(file.size for file in files) > settings.ATTACHMENT_MAX_BYTES:
        limit = settings.ATTACHMENT_MAX_BYTES // 1024**2
        raise ValidationError(_("Together the files are larger than %(limit)s MB.") % {"limit": limit})
    kept: dict[tuple[str, str], Attachment] = {}
    for file in files:
        attachment = _described(record, file, by=by, at=at)
        if (attachment.name, attachment.sha256) not in kept:
            _store(attachment, file)
            kept[attachment.name, attachment.sha256] = attachment
    return list(kept.values())


def can_be_kept(file: File[Any]) -> bool:
    """Neither empty, nor too large, nor a program."""
    small = bool(file.size) and file.size <= settings.ATTACHMENT_MAX_BYTES
    return small and not is_program(safe_name(file.name or ""), _head(file))


@transaction.atomic
def remove(attachment: Attachment, *, by: Any, at: datetime) -> Attachment:
    """Into the bin; doing it twice does it once."""
    locked = Attachment.objects.select_for_update(of=("self",)).get(pk=attachment.pk)
    if locked.deleted_at is None:
        locked.deleted_at = at
        locked.save(update_fields=["deleted_at"])
        _tell("file_removed", _record_of(locked), [locked], by=by, at=at)
    return locked


@transaction.atomic
def restore(attachment: Attachment, *, by: Any, at: datetime) -> Attachment:
    locked = Attachment.objects.select_for_update(of=("self",)).get(pk=attachment.pk)
    if locked.deleted_at is None:
        return locked
    record = _record_of(locked)
    again = Attachment.objects.alive().about(record).filter(name=locked.name, sha256=locked.sha256).first()
    if again is not None:
        return again
    locked.deleted_at = None
    locked.save(update_fields=["deleted_at"])
    _tell("file_restored", record, [locked], by=by, at=at)
    return locked


def clear_away(now: datetime) -> int:
    """What was long enough in the bin, and files whose upload was broken off. Returns how many files went."""
    gone = 0
    for attachment in Attachment.objects.past(now).order_by("pk")[:10_000]:
        # The row first: a file that stays behind is found below, a row without its file would be a broken promise.
        attachment.delete()
        default_storage.delete(attachment.file)
        gone += 1
    return gone + _clear_abandoned(now)


def _clear_abandoned(now: datetime) -> int:
    gone = 0
    for month in _listed(FOLDER)[0]:
        folder = f"{FOLDER}/{month}"
        names = [f"{folder}/{name}" for name in _listed(folder)[1]]
        known = set(Attachment.objects.filter(file__startswith=f"{folder}/").values_list("file", flat=True))
        for name in names:
            if name not in known and default_storage.get_modified_time(name) < now - ABANDONED:
                default_storage.delete(name)
                gone += 1
    return gone


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _refuse(record: Any, files: Sequence[File[Any]]) -> None:
    if not files:
        raise ValidationError(_("Choose a file."))
    if len(files) > settings.ATTACHMENTS_PER_UPLOAD:
        raise ValidationError(_("At most %(count)s files at once.") % {"count": settings.ATTACHMENTS_PER_UPLOAD})
    wrong = []
    for file in files:
        name = safe_name(file.name or "")
        said = {"name": name, "limit": settings.ATTACHMENT_MAX_BYTES // 1024**2}
        if not file.size:
            wrong.append(_("%(name)s is empty.") % said)
        elif file.size > settings.ATTACHMENT_MAX_BYTES:
            wrong.append(_("%(name)s is larger than %(limit)s MB.") % said)
        elif is_program(name, _head(file)):
            wrong.append(_("%(name)s is a program; programs are not kept here.") % said)
    if wrong:
        raise ValidationError(wrong)


def _head(file: File[Any]) -> bytes:
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return head


def _described(record: Any, file: File[Any], *, by: Any, at: datetime) -> Attachment:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    name = safe_name(file.name or "")
    return Attachment(
        about_kind=record.kind, about_id=record.pk, name=name, content_type=sniffed(_head(file), name),
        size=file.size, sha256=digest.hexdigest(), by=by, at=at,
    )  # fmt: skip


def _store(attachment: Attachment, file: File[Any]) -> None:
    """Under a name that says nothing and nobody can guess."""
    wanted = f"{FOLDER}/{attachment.at:%Y-%m}/{uuid.uuid4().hex}"
    file.seek(0)
    attachment.file = default_storage.save(wanted, file)
    attachment.full_clean(exclude=["by"])  # nobody, where a program of the house adds it
    attachment.save(force_insert=True)


def _record_of(attachment: Attachment) -> Any:
    return together.model_of(attachment.about_kind)._base_manager.get(pk=attachment.about_id)


def _tell(verb: str, record: Any, files: list[Attachment], *, by: Any, at: datetime) -> None:
    data = {"files": [{"id": file.pk, "name": file.name, "size": file.size} for file in files]}
    events.record(f"{record.kind}.{verb}", record, by=by, at=at, data=data, about=together.upwards(record))


def said(verb: str, files: list[dict[str, Any]]) -> str:
    """What an event tells of its files, in the reader's language."""
    names = {"names": listed([file["name"] for file in files])}
    if verb == "file_removed":
        return _("File taken away: %(names)s") % names
    if verb == "file_restored":
        return _("File brought back: %(names)s") % names
    return ngettext("File added: %(names)s", "Files added: %(names)s", len(files)) % names
