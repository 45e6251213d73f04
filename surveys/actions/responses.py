"""What customers answer, and what is done about the unhappy ones."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as now_in_words
from django.utils.translation import gettext_lazy as _

from crm import business_time, events
from crm.business_time import Calendar
from crm.models import User
from customers.actions import tasks
from customers.models import Task
from service.actions.breaches import manager_of
from service.models import SlaPolicy
from surveys.models import Answer, Invitation, Question, Response


class LinkGone(Exception):
    """The link is wrong, was taken back, or has expired: nobody learns which."""


class AlreadyAnswered(Exception):
    def __init__(self, invitation: Invitation) -> None:
        self.invitation = invitation
        super().__init__(f"invitation {invitation.pk} was answered")


def asked(token: str, now: datetime, *, lock: bool = False) -> Invitation:
    """The invitation a link belongs to; LinkGone where there is none that may still be used."""
    found = Invitation.objects.with_token(token).select_related("survey", "contact", "customer", "ticket")
    if lock:
        found = found.select_for_update(of=("self",))
    invitation = found.first()
    if invitation is None or not invitation.is_open(now):
        raise LinkGone
    return invitation


@transaction.atomic
def record(
    *, token: str, score: int, at: datetime, comment: str = "", answers: dict[Question, str] | None = None
) -> Response:
    """Keep an answer, once: of two sent at the same moment the second is refused with AlreadyAnswered."""
    invitation = asked(token, at, lock=True)
    if invitation.is_answered:
        raise AlreadyAnswered(invitation)
    if score not in invitation.survey.scale:
        raise ValidationError({"score": _("Choose one of the scores.")})
    response = Response(
        invitation=invitation,
        survey=invitation.survey,
        contact=invitation.contact,
        customer=invitation.customer,
        ticket=invitation.ticket,
        owner=invitation.owner,
        team=invitation.team,
        score=score,
        comment=comment.strip(),
        answered_at=at,
        created_at=at,
        updated_at=at,
    )
    response.full_clean()
    response.save(force_insert=True)
    Answer.objects.bulk_create(
        Answer(response=response, question=question, text=text.strip())
        for question, text in (answers or {}).items()
        if text.strip()
    )
    invitation.state, invitation.answered_at = Invitation.State.ANSWERED, at
    invitation.version += 1
    invitation.updated_at = at
    invitation.save()
    about = [response.customer, response.contact, response.ticket]
    events.record("response.recorded", response, by=None, at=at, data={"score": score}, about=about)
    return response


@transaction.atomic
def follow_up(*, response_id: int, at: datetime) -> Task | None:
    """An unhappy answer becomes a task, once: somebody is to call by the end of the next business day."""
    response = (
        Response.objects.select_for_update(of=("self",))
        .select_related("survey", "contact", "customer__owner", "ticket__team", "ticket__queue__team", "owner")
        .get(pk=response_id)
    )
    known = Task.objects.filter(about_kind=Response.kind, about_id=response.pk).first()
    if known is not None or not response.is_unhappy:
        return known
    owner = caller_for(response)
    with translation.override(owner.language if owner else None):
        title = now_in_words("Unhappy answer of %(contact)s: %(score)s of %(highest)s") % {
            "contact": response.contact.name,
            "score": response.score,
            "highest": response.survey.scale[-1],
        }
    return tasks.create(
        title=title[:200],
        notes=response.comment,
        by=None,
        at=at,
        owner=owner,
        due_at=next_business_day(_calendar(response), at),
        priority=Task.Priority.HIGH,
        customer=response.customer,
        contact=response.contact,
        about=response,
    )


def caller_for(response: Response) -> User | None:
    """The customer's owner; else whoever manages the team that had the ticket; else whoever is credited."""
    people = [
        response.customer.owner if response.customer else None,
        manager_of(response.ticket) if response.ticket else None,
        response.team.manager if response.team else None,
        response.owner,
    ]
    return next((person for person in people if person is not None and person.is_active), None)


def next_business_day(calendar: Calendar | None, at: datetime) -> datetime:
    """Closing time of the first day after `at` on which the calendar is open."""
    if calendar is None:
        return at + timedelta(days=1)
    tomorrow = at.astimezone(calendar.timezone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(0), calendar.timezone)
    opening = business_time.next_opening(calendar, midnight).astimezone(calendar.timezone)
    closes = calendar.hours[opening.weekday()][-1][1]
    return datetime.combine(opening.date(), closes or time(23, 59), calendar.timezone)


def _calendar(response: Response) -> Calendar | None:
    policy = response.ticket.sla_policy if response.ticket else None
    policy = policy or SlaPolicy.objects.filter(is_default=True).first()
    return policy.hours if policy else None
