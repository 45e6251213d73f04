"""Mailings of campaigns: written, prepared and looked at, tried on oneself, started, stopped and gone on with.

What was prepared is what is sent: each letter is a row, word for word, before anybody starts it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records
from crm.models import MailTemplate, StaleVersion
from crm.ringing import ring
from customers.models import Purpose
from customers.sales.actions import mailing_preparing
from customers.sales.models import Campaign, LetterState, Mailing, MailingLetter, MailingText

MOST = 20_000  # members of one mailing


@transaction.atomic
def create(
    *, campaign: Campaign, name: str, purpose: Purpose, templates: Iterable[MailTemplate], by: Any, at: datetime,
    owner: Any = None,
) -> Mailing:  # fmt: skip
    _check_purpose(purpose)
    owner = owner or by
    mailing = Mailing(campaign=campaign, name=name, purpose=purpose, owner=owner, team=campaign.team or owner.team)
    mailing = records.create(mailing, by=by, at=at, about=[campaign])
    _choose(mailing, templates)
    return mailing


@transaction.atomic
def update(
    mailing: Mailing,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
    templates: Iterable[MailTemplate] | None = None,
) -> Mailing:
    """While it is a draft. Whatever was prepared is prepared anew afterwards."""
    locked = _locked(mailing)
    if not locked.is_draft:
        raise ValidationError(_("What is being sent, or was, is no longer changed."))
    if "purpose" in changes:
        _check_purpose(changes["purpose"])
    changes = {name: value for name, value in changes.items() if name in ("name", "purpose", "owner", "team")}
    changed = records.update(locked, changes, by=by, at=at, version=version, base=base, about=[locked.campaign])
    if templates is not None and _choose(changed, templates):
        changed = _write(changed, "text_chosen", {}, by=by, at=at)
    if changed.version != locked.version:
        changed = _forget_preparation(changed)
    return changed


def delete(mailing: Mailing, *, by: Any, at: datetime) -> Mailing:
    if _locked_outside(mailing).is_running:
        raise ValidationError(_("Stop it first."))
    return records.delete(mailing, by=by, at=at, about=[mailing.campaign])


def restore(mailing: Mailing, *, by: Any, at: datetime) -> Mailing:
    return records.restore(mailing, by=by, at=at, about=[mailing.campaign])


@transaction.atomic
def prepare(mailing: Mailing, *, by: Any, at: datetime, version: int | None = None) -> Mailing:
    """Write every letter, for whom of the members the person may see. Doing it again writes them anew."""
    locked = _locked(mailing, version)
    _check_campaign(locked)
    if not locked.is_draft:
        raise ValidationError(_("What is being sent, or was, is no longer changed."))
    total = locked.campaign.members.count()
    if total > MOST:
        raise ValidationError(_("A mailing has at most %(count)d members.") % {"count": MOST})
    texts = _texts_as_they_are(locked)
    if not texts:
        raise ValidationError(_("Choose at least one template."))
    locked.letters.all().delete()
    letters = mailing_preparing.letters_for(locked, texts, by=by, at=at)
    MailingLetter.objects.bulk_create(letters, batch_size=1000)
    locked.prepared_by, locked.prepared_at, locked.out_of_sight = by, at, total - len(letters)
    count = sum(letter.state == LetterState.WAITING for letter in letters)
    return _write(locked, "prepared", {"count": count, "left_out": len(letters) - count}, by=by, at=at)


@transaction.atomic
def start(
    mailing: Mailing, *, by: Any, at: datetime, starts_at: datetime | None = None, version: int | None = None
) -> Mailing:
    """Send what was looked at, now or at a time. Starting twice does nothing."""
    locked = _locked(mailing)
    if locked.is_running:
        return locked
    if version is not None and locked.version != version:
        raise StaleVersion(locked, [])
    _check_campaign(locked)
    if not locked.is_draft:
        raise ValidationError(_("It was started already."))
    if locked.prepared_by_id != by.pk:
        raise ValidationError(_("Prepare it and look at it first: you may see others than whoever prepared it."))
    if starts_at is not None and starts_at < at:
        raise ValidationError({"starts_at": _("This lies in the past.")})
    waiting = locked.letters.filter(state=LetterState.WAITING)
    locked.starts_at, locked.state = starts_at or at, Mailing.State.RUNNING
    count = waiting.update(due_at=locked.starts_at)
    if not count:
        raise ValidationError(_("There is nobody to send it to."))
    started = _write(locked, "started", {"count": count, "starts_at": locked.starts_at.isoformat()}, by=by, at=at)
    transaction.on_commit(_ring)
    return started


@transaction.atomic
def stop(mailing: Mailing, *, by: Any, at: datetime, problem: str = "") -> Mailing:
    """What has left has left, and a letter that is just leaving too; no other follows."""
    locked = _locked(mailing)
    if not locked.is_running:
        return locked
    left = locked.letters.filter(state=LetterState.WAITING).update(due_at=None)
    locked.state, locked.problem = Mailing.State.STOPPED, problem[:1000]
    return _write(locked, "stopped", {"count": left}, by=by, at=at)


@transaction.atomic
def go_on(mailing: Mailing, *, by: Any, at: datetime) -> Mailing:
    """With the letters that have not left."""
    locked = _locked(mailing)
    if not locked.is_stopped:
        return locked
    _check_campaign(locked)
    locked.starts_at = max(locked.starts_at or at, at)
    left = locked.letters.filter(state=LetterState.WAITING).update(due_at=locked.starts_at)
    locked.state, locked.problem, locked.troubles = Mailing.State.RUNNING, "", 0
    transaction.on_commit(_ring)
    return _write(locked, "gone_on", {"count": left}, by=by, at=at)


def _ring() -> None:
    from customers.sales.tasks import send_mailings_now

    ring(send_mailings_now)


def _locked(mailing: Mailing, version: int | None = None) -> Mailing:
    locked = Mailing._base_manager.select_for_update(of=("self",)).select_related("campaign", "purpose")
    found = locked.get(pk=mailing.pk)
    if found.is_in_bin:
        raise ValidationError(_("It is in the bin."))
    if version is not None and found.version != version:
        raise StaleVersion(found, [])
    return found


def _locked_outside(mailing: Mailing) -> Mailing:
    return Mailing._base_manager.get(pk=mailing.pk)


def _check_campaign(mailing: Mailing) -> None:
    if mailing.campaign.is_in_bin or mailing.campaign.state == Campaign.State.CANCELLED:
        raise ValidationError(_("The campaign was called off."))


def _check_purpose(purpose: Purpose) -> None:
    """What the program itself writes for is nothing one sends to many."""
    if purpose.code in Purpose.BUILT_IN or not purpose.is_active:
        raise ValidationError({"purpose": _("Mailings are not for this purpose.")})


def _choose(mailing: Mailing, templates: Iterable[MailTemplate]) -> bool:
    """At most one template in each language; whether they are others than before."""
    chosen = list(templates)
    if not chosen:
        raise ValidationError({"templates": _("Choose at least one template.")})
    if len({each.language for each in chosen}) < len(chosen):
        raise ValidationError({"templates": _("Choose one template for each language.")})
    known = set(mailing.texts.values_list("template_id", flat=True))
    if known == {each.pk for each in chosen}:
        return False
    mailing.texts.all().delete()
    MailingText.objects.bulk_create(
        MailingText(mailing=mailing, template=each, language=each.language, subject=each.subject, body=each.body)
        for each in chosen
    )
    return True


def _texts_as_they_are(mailing: Mailing) -> list[MailingText]:
    """What the templates say now; one that was deleted says what it said."""
    texts = list(mailing.texts.select_related("template"))
    for text in texts:
        if text.template is not None:
            text.subject, text.body = text.template.subject, text.template.body
    MailingText.objects.bulk_update(texts, ["subject", "body"])
    return texts


def _forget_preparation(mailing: Mailing) -> Mailing:
    mailing.letters.all().delete()
    mailing.prepared_at = mailing.prepared_by = None
    mailing.out_of_sight = 0
    mailing.save(update_fields=["prepared_at", "prepared_by", "out_of_sight"])
    return mailing


def _write(mailing: Mailing, verb: str, data: dict[str, Any], *, by: Any, at: datetime) -> Mailing:
    mailing.version += 1
    mailing.updated_at = at
    mailing.full_clean()
    mailing.save()
    events.record(f"mailing.{verb}", mailing, by=by, at=at, data=data, about=[mailing.campaign])
    return mailing
