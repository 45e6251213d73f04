"""What is done with a lead until it is converted (see lead_conversion.py) or discarded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import journal, records
from crm.models import Team, User
from customers.models import Activity, tidy
from customers.sales.actions import lead_assignment
from customers.sales.actions.lead_changes import lock, open_state, refuse_closed, store, tell_owner
from customers.sales.models import DiscardReason, Lead, lead_score, lead_target


@transaction.atomic
def create(
    *,
    by: User | None,
    at: datetime,
    owner: User | None = None,
    team: Team | None = None,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Lead:
    """Somebody who may become a customer; without an owner the rules say whose it is, or it waits in the team."""
    team = team or (owner.team if owner else None) or (by.team if by else None)
    lead = Lead(owner=owner, team=team, **tidy.fields(fields))
    lead.contact_due_at = lead_target.due_at(lead, at)
    lead = records.create(lead, by=by, at=at, data={"channel": lead.channel} | (data or {}))
    lead_score.compute(at, [lead])
    return lead if owner is not None else lead_assignment.assign(lead, by=by, at=at)


@transaction.atomic
def update(
    lead: Lead,
    changes: dict[str, Any],
    *,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Lead:
    changes = tidy.fields(changes)
    if changes.get("email", lead.email) != lead.email:
        changes["email_failed_at"] = None  # another address: nothing is known of it
    lead = records.update(lead, changes, by=by, at=at, version=version, base=base)
    lead_score.compute(at, [lead])
    return lead


@transaction.atomic
def note_contact(lead: Lead, *, type: str, by: User | None, at: datetime, note: str = "") -> Lead:
    """Somebody of ours got in touch, or tried to: the first time stops the clock and begins the work."""
    locked = lock(lead)
    refuse_closed(locked)
    if type not in Activity.Type.values:
        raise ValidationError({"type": _("Say how you got in touch.")})
    locked.first_contact_at = locked.first_contact_at or at
    locked.state = Lead.State.WORKING
    return store(locked, "contacted", {"type": type, "note": note.strip()}, by=by, at=at)


@transaction.atomic
def take(lead: Lead, *, by: User, at: datetime) -> Lead:
    """Mine from now on, if it is nobody's; taking one's own changes nothing."""
    locked = lock(lead)
    if locked.owner_id == by.pk:
        return locked
    if locked.owner_id is not None:
        raise ValidationError(_("%(owner)s was faster and has taken it.") % {"owner": locked.owner})
    refuse_closed(locked)
    changes: dict[str, Any] = {"owner": by, "team": locked.team or by.team, "given": {}}
    return records.update(locked, changes, by=by, at=at, event="taken")


@transaction.atomic
def discard(lead: Lead, *, reason: str, by: User | None, at: datetime) -> Lead:
    """It will not become a customer, and why. It can be opened again."""
    locked = lock(lead)
    if locked.is_converted:
        raise ValidationError(_("It has become a customer. Undo that first."))
    if reason not in dict(DiscardReason.choices()):
        raise ValidationError({"reason": _("Say why it is discarded.")})
    if locked.state == Lead.State.DISCARDED and locked.reason == reason:
        return locked
    locked.state, locked.reason = Lead.State.DISCARDED, reason
    return store(locked, "discarded", {"reason": reason}, by=by, at=at)


@transaction.atomic
def reopen(lead: Lead, *, by: User | None, at: datetime) -> Lead:
    """Take a discarding back; one that is not discarded stays as it is."""
    locked = lock(lead)
    if locked.state != Lead.State.DISCARDED:
        return locked
    locked.state, locked.reason = open_state(locked), ""
    return store(locked, "reopened", {}, by=by, at=at)


@transaction.atomic
def hand_over(lead: Lead, *, owner: User, by: User | None, at: datetime, team: Team | None = None) -> Lead:
    if not owner.is_active:
        raise ValidationError({"owner": _("This person no longer works here.")})
    before = lead.version
    changes: dict[str, Any] = {"owner": owner, "team": team or owner.team, "given": {}}
    lead = records.update(lead, changes, by=by, at=at, event="handed_over")
    if lead.version != before and owner != by:
        tell_owner(lead, at=at)
    return lead


def hand_over_many(leads: Iterable[Lead], *, owner: User, by: User | None, at: datetime) -> int:
    """Hand over each, in a transaction of its own; returns how many changed hands."""
    changed = 0
    with journal.handing_over(Lead.kind, owner, by=by, at=at):
        for lead in leads:
            before = lead.version
            changed += hand_over(lead, owner=owner, by=by, at=at).version != before
    return changed


def delete(lead: Lead, *, by: User | None, at: datetime) -> Lead:
    return records.delete(lead, by=by, at=at)


def restore(lead: Lead, *, by: User | None, at: datetime) -> Lead:
    return records.restore(lead, by=by, at=at)
