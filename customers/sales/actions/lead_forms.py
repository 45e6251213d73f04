"""What comes of a public form: a lead of the form's team, for whoever the rules name or whose turn it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from customers.models import SourceChannel
from customers.sales.actions import lead_changes, leads
from customers.sales.models import Lead, LeadConsent, LeadForm


@transaction.atomic
def submit(
    form: LeadForm,
    *,
    at: datetime,
    is_confirmed: bool = False,
    is_agreed: bool = True,
    agreed_at: datetime | None = None,
    told: dict[str, Any] | None = None,
    **values: Any,
) -> Lead:
    """Somebody filled in the form: nobody of ours, so the event has nobody, but the words that were consented to.

    Where it was filled in elsewhere, `agreed_at` says when, and `values` may name another channel and campaign.
    """
    source: dict[str, Any] = {
        "channel": SourceChannel.WEBSITE, "campaign": form.campaign, "form": form, "product": form.product
    }  # fmt: skip
    words = form.consent if is_agreed else ""
    data = {"form": form.name, "consent": words, "confirmed": is_confirmed} | (told or {})
    lead = leads.create(by=None, at=at, team=form.team, data=data, **(source | values))
    if form.purpose is not None and is_agreed:
        LeadConsent.objects.create(
            lead=lead, purpose=form.purpose, basis=form.basis, words=words, form=form.name, at=agreed_at or at,
            is_confirmed=is_confirmed,
        )  # fmt: skip
    if lead.owner is None:
        lead_changes.tell_manager(lead, at=at)
    return lead
