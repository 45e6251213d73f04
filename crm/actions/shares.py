"""Sharing one record with somebody: to read it, or to read and edit it, for some time or until it is taken back.

The role stays the ceiling: whoever may look at no opportunity at all cannot be shown one, and whoever may edit none is
given one to read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.access import together
from crm.access.permissions import Verb
from crm.actions import records
from crm.actions.notifications import notify
from crm.models import Event, Share, User

TO_READ = gettext_noop("%(by)s shared “%(record)s” with you: you may read it.")
TO_EDIT = gettext_noop("%(by)s shared “%(record)s” with you: you may read and edit it.")


def may_share(user: Any, record: Any) -> bool:
    """Whether this person decides who else works on it."""
    return bool(type(record).objects.visible_to(user).shareable_by(user).filter(pk=record.pk).exists())


def require_sharing(user: Any, record: Any) -> None:
    """PermissionDenied for whoever may not."""
    if not may_share(user, record):
        raise PermissionDenied(_("Who else works on it is decided by those who may edit it by their role."))


@transaction.atomic
def share(
    record: Any, *, user: User, may_edit: bool = False, until: datetime | None = None, by: User | None, at: datetime
) -> Share:
    """Said again for the same person, it changes what they may do and how long; said as it is, nothing."""
    _refuse(record, user, may_edit, until, at)
    _one_at_a_time(record)
    said = {"may_edit": may_edit, "until": until}
    mine = Share.objects.about(record).filter(user=user)
    one = mine.running(at).first()
    if one is not None and (one.may_edit, one.until) == (may_edit, until):
        return one
    if one is None:
        mine.delete()  # what has run out
        one = Share.objects.create(about_kind=record.kind, about_id=record.pk, user=user, by=by, at=at, **said)
        _note("shared", record, user, said, by=by, at=at)
    else:
        one.may_edit, one.until, one.by, one.at = may_edit, until, by, at
        one.save(update_fields=["may_edit", "until", "by", "at"])
        _note("share_changed", record, user, said, by=by, at=at)
    if user != by:
        values = {"record": str(record), "by": str(by or "")}
        key = f"share:{one.pk}:{at.timestamp()}:{'edit' if may_edit else 'read'}"
        notify(user, TO_EDIT if may_edit else TO_READ, values=values, url=record.get_absolute_url(), key=key, at=at)
    return one


@transaction.atomic
def unshare(record: Any, *, user: User, by: User | None, at: datetime) -> None:
    _one_at_a_time(record)
    mine = Share.objects.about(record).filter(user=user)
    was_running = mine.running(at).exists()
    mine.delete()
    if was_running:
        _note("unshared", record, user, {}, by=by, at=at)


def of(record: Any, now: datetime) -> Any:
    """With whom it is shared now. Its owner needs no share, where one was given before."""
    return Share.objects.about(record).running(now).exclude(user=record.owner_id)


def said(event: Event) -> str:
    """What an event tells of sharing, in the reader's language."""
    data, verb = event.data, event.type.partition(".")[2]
    user = {"user": str((data.get("user") or {}).get("label", ""))}
    if verb == "unshared":
        return _("No longer shared with %(user)s") % user
    sentence = _("Shared with %(user)s to read and edit") if data.get("may_edit") else _("Shared with %(user)s to read")
    until = parse_datetime(data.get("until") or "")
    if until is None:
        return sentence % user
    day = date_format(timezone.localtime(until - Share.MOMENT))
    return _("%(sentence)s, until %(day)s") % {"sentence": sentence % user, "day": day}


def _refuse(record: Any, user: User, may_edit: bool, until: datetime | None, at: datetime) -> None:
    if not user.is_active:
        raise ValidationError({"user": _("This person no longer works here.")})
    if user.pk == record.owner_id:
        raise ValidationError({"user": _("It is theirs already.")})
    if not user.access.may(record.kind, Verb.VIEW):
        raise ValidationError({"user": _("No role of this person lets them look at records of this kind.")})
    if may_edit and not user.access.may(record.kind, Verb.EDIT):
        raise ValidationError({"may_edit": _("No role of this person lets them edit records of this kind.")})
    if until is not None and until <= at:
        raise ValidationError({"until": _("That day is over.")})


def _one_at_a_time(record: Any) -> None:
    type(record)._base_manager.select_for_update(of=("self",), no_key=True).get(pk=record.pk)


def _note(verb: str, record: Any, user: User, said: dict[str, Any], *, by: User | None, at: datetime) -> None:
    told = {"user": records.as_json(user)} | {name: records.as_json(value) for name, value in said.items()}
    events.record(f"{record.kind}.{verb}", record, by=by, at=at, data=told, about=together.upwards(record))
