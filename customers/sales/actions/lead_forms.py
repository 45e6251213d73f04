"""What comes of a public form: a lead of the form's team, for whoever's turn it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_noop

from crm.access.permissions import Verb
from crm.actions.notifications import notify
from crm.models import User
from customers.models import Customer
from customers.sales.actions import leads
from customers.sales.models import Lead, LeadForm


@transaction.atomic
def submit(form: LeadForm, *, at: datetime, **values: Any) -> Lead:
    """Somebody filled in the form: nobody of ours, so the event has nobody, but the words that were consented to."""
    # The form's row is the lock: two at once would otherwise both be the same person's turn.
    form = LeadForm.objects.select_for_update(of=("self",)).select_related("team").get(pk=form.pk)
    owner = next_in_turn(form) if form.in_turn else None
    if owner is not None:
        form.last_owner = owner
        form.save(update_fields=["last_owner"])
    source = {"channel": Customer.Channel.WEBSITE, "campaign": form.campaign}
    told = {"form": form.name, "consent": form.consent}
    lead = leads.create(by=None, at=at, owner=owner, team=form.team, data=told, **source, **values)
    if owner is not None:
        leads.tell_owner(lead, by=None, at=at)
    else:
        _tell_manager(lead, form, at)
    return lead


def next_in_turn(form: LeadForm) -> User | None:
    """The one after whoever had the last one, of the team's active people who may work on leads."""
    people = User.objects.active().filter(team=form.team).order_by("pk")
    able = [person for person in people if person.access.may(Lead.kind, Verb.EDIT)]
    after = [person for person in able if form.last_owner_id is not None and person.pk > form.last_owner_id]
    return next(iter(after or able), None)


def _tell_manager(lead: Lead, form: LeadForm, at: datetime) -> None:
    notify(
        form.team.manager,
        gettext_noop("The new lead %(lead)s waits for somebody to take it."),
        values={"lead": lead.name},
        url=reverse("lead-detail", args=[lead.pk]),
        key=f"lead-{lead.pk}-waits",
        at=at,
    )
