"""What a letter to or from a lead means for the lead: somebody got in touch, or they wrote to us."""

from __future__ import annotations

from django.db import transaction

from crm.models import Event
from customers.models import Activity, Email
from customers.sales.actions import lead_changes, leads
from customers.sales.models import Lead


@transaction.atomic
def note(event: Event) -> None:
    """Writing is a first contact: it stops the clock. An answer is told on the lead, what it says only if shared."""
    email = Email.objects.filter(pk=event.subject_id, about_kind=Lead.kind).first()  # scoped: by an event
    if email is None or email.about_id is None:
        return
    lead = Lead.objects.alive().open().filter(pk=email.about_id).first()
    if lead is None:
        return
    if email.is_outbound:
        if lead.state == Lead.State.NEW or lead.first_contact_at is None:
            leads.note_contact(lead, type=Activity.Type.EMAIL, by=event.by, at=event.at)
    elif not email.is_automatic:
        lead = lead_changes.lock(lead)
        lead.answered_at = max(filter(None, [lead.answered_at, event.at]))
        if email.is_told:
            lead_changes.store(lead, "wrote", {"subject": email.subject}, by=None, at=event.at)
        else:
            lead_changes.store(lead, "wrote_back", {}, by=None, at=event.at)
