"""Who is asked what, at most once in a while, and by a mail that can be sent again without harm."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused

from django.db import transaction

from crm import events
from crm.actions import records
from crm.models import Team, User
from customers.actions import contact_points
from customers.actions.contact_points import is_for_good
from customers.models import Contact, Customer, Purpose
from customers.models.writing import may_write_to
from service.models import Ticket, TicketEvent
from surveys.actions import mail
from surveys.models import Invitation, Survey
from surveys.models.invitation import hash_of

REST = timedelta(days=30)  # between two invitations of one contact, whatever the survey
State, Reason = Invitation.State, Invitation.Reason


@transaction.atomic
def invite(
    *,
    survey: Survey,
    contact: Contact,
    by: User | None,
    at: datetime,
    customer: Customer | None = None,
    ticket: Ticket | None = None,
    owner: User | None = None,
    team: Team | None = None,
) -> Invitation:
    """Ask a contact, or write down why not. `owner` and `team` are credited with the answer.

    The contact's row is locked: of two invitations made at the same moment the second sees the first.
    """
    locked = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if ticket is not None:
        known = Invitation.objects.filter(survey=survey, ticket=ticket).first()
        if known is not None:
            return known
    customer = customer or (ticket.customer if ticket else None)
    reason = reason_not_to_ask(locked, at, customer)
    invitation = Invitation(
        survey=survey,
        contact=locked,
        customer=customer,
        ticket=ticket,
        owner=owner,
        team=team or (owner.team if owner else None),
        state=State.SUPPRESSED if reason else State.QUEUED,
        reason=reason,
        nonce="" if reason else secrets.token_urlsafe(32),
        invited_at=at,
    )
    # On no timeline yet: what is worth telling there is that the mail was sent, or could not be.
    return records.create(invitation, by=by, at=at)


def reason_not_to_ask(contact: Contact, at: datetime, customer: Customer | None = None) -> str:
    """Why this contact is not to be asked now, or nothing."""
    if not (verdict := may_write_to(contact, Purpose.SURVEYS, customer=customer)):
        return verdict.reason
    if Invitation.objects.asked_since(contact, at - REST).exists():
        return Reason.THROTTLED
    return ""


def invite_about_resolution(*, ticket_id: int, at: datetime) -> Invitation | None:
    """Ask about a ticket that was resolved at `at`; nobody is asked about one that was reopened or deleted since.

    Credited is whoever had the ticket at that moment, whoever has it now.
    """
    survey = Survey.objects.sent_when(Survey.Trigger.TICKET_RESOLVED).first()
    ticket = Ticket.objects.alive().resolved().select_related("contact", "customer").filter(pk=ticket_id).first()
    if survey is None or ticket is None or ticket.contact is None:
        return None
    resolved = ticket.events.filter(type=TicketEvent.Type.RESOLVED, at__lte=at).select_related("owner", "team").last()
    return invite(
        survey=survey,
        contact=ticket.contact,
        by=None,
        at=at,
        ticket=ticket,
        owner=resolved.owner if resolved else ticket.owner,
        team=resolved.team if resolved else ticket.team,
    )


@transaction.atomic
def send(*, invitation_id: int, at: datetime) -> None:
    """Send the mail of an invitation that waits for it, and remember only the hash of its link.

    Called from a delivery, whose transaction this is part of. When the process dies after the mail server took
    the mail, nothing of this is stored, and the next attempt sends the same mail again: the same Message-ID, by
    which mail programs know it, and the same link, because the token is derived from the stored nonce and not
    drawn anew. A token drawn here would leave the first mail with a link that was never stored.
    """
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("survey", "contact", "customer", "ticket", "owner")
        .get(pk=invitation_id)
    )
    if invitation.state != State.QUEUED:
        return
    # Asked again: between the invitation and its mail somebody may have said no.
    verdict = may_write_to(invitation.contact, Purpose.SURVEYS, customer=invitation.customer)
    if not verdict:
        _settle(invitation, State.SUPPRESSED, at, reason=verdict.reason)
        return
    invitation.token_hash = hash_of(invitation.token)
    invitation.sent_at = at
    invitation.expires_at = at + timedelta(days=invitation.survey.expires_after_days)
    try:
        mail.invitation(invitation).send()
    except SMTPRecipientsRefused as refused:
        if is_for_good(refused):
            contact_points.mark_invalid(invitation.contact.email, by=None, at=at)
        invitation.sent_at = invitation.expires_at = invitation.token_hash = None
        _settle(invitation, State.FAILED, at, reason=Reason.REFUSED)
    else:
        _settle(invitation, State.SENT, at)


def _settle(invitation: Invitation, state: str, at: datetime, reason: str = "") -> None:
    invitation.state, invitation.reason = state, reason
    invitation.version += 1
    invitation.updated_at = at
    invitation.save()
    events.record(f"invitation.{state}", invitation, by=None, at=at, about=_timelines(invitation))


def _timelines(invitation: Invitation) -> list[Contact | Customer | Ticket | None]:
    return [invitation.contact, invitation.customer, invitation.ticket]
