"""What every write to a lead shares: the lock, the next version with its event and score, and the word to its owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions.notifications import notify
from crm.models import User
from customers.sales.models import Lead, lead_score


def lock(lead: Lead) -> Lead:
    return Lead._base_manager.select_for_update(of=("self",)).get(pk=lead.pk)


def refuse_closed(lead: Lead) -> None:
    if not lead.is_open:
        raise ValidationError(_("This lead is closed: it is %(state)s.") % {"state": lead.get_state_display()})


def open_state(lead: Lead) -> str:
    return Lead.State.WORKING if lead.first_contact_at else Lead.State.NEW


def store(lead: Lead, verb: str, data: dict[str, Any], *, by: User | None, at: datetime) -> Lead:
    """Save a locked lead as its next version, and note what happened."""
    lead.version += 1
    lead.updated_at = at
    lead.full_clean()
    lead.save()
    events.record(f"lead.{verb}", lead, by=by, at=at, data=data)
    lead_score.compute(at, [lead])
    return lead


def tell_owner(lead: Lead, *, at: datetime) -> None:
    """A lead grows cold by the hour: whose it is hears of it."""
    notify(
        lead.owner,
        gettext_noop("The lead %(lead)s is yours now."),
        values={"lead": lead.name},
        url=reverse("lead-detail", args=[lead.pk]),
        key=f"lead-{lead.pk}-owner-{lead.version}",
        at=at,
    )


def tell_manager(lead: Lead, *, at: datetime) -> None:
    """It waits in a team: whoever leads that team hears of it."""
    notify(
        lead.team.manager if lead.team else None,
        gettext_noop("The new lead %(lead)s waits for somebody to take it."),
        values={"lead": lead.name},
        url=reverse("lead-detail", args=[lead.pk]),
        key=f"lead-{lead.pk}-waits",
        at=at,
    )
