"""What surveys do when something happens below."""

from django.utils import timezone

from crm import events
from crm.models import Event
from customers.models import erasing, following
from customers.models.following import Follower
from surveys.actions import erasing_of, invitations, responses

following.register(Follower("surveys.Invitation"), Follower("surveys.Response"))
erasing.register(*erasing_of.HOLDERS)


@events.subscribe("ticket.resolved", name="surveys.invite")
def invite(event: Event) -> None:
    invitations.invite_about_resolution(ticket_id=event.subject_id, at=event.at)


@events.subscribe("invitation.created", name="surveys.send")
def send(event: Event) -> None:
    invitations.send(invitation_id=event.subject_id, at=timezone.now())


@events.subscribe("response.recorded", name="surveys.follow_up")
def follow_up(event: Event) -> None:
    responses.follow_up(response_id=event.subject_id, at=event.at)
