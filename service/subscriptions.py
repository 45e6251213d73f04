"""What the service desk does after something happened."""

from typing import Any

from crm import events
from crm.actions import journal
from crm.models import Event
from customers.models import erasing, following
from customers.models.following import Follower
from service.actions import erasing_of, mail, tickets


def give_back(ticket: Any, changes: dict[str, Any], *, by: Any, at: Any) -> None:
    """Whose the ticket was before many were assigned at once."""
    tickets.assign(ticket=ticket, owner=changes["owner"], by=by, at=at)


journal.restored_with("service.Ticket", give_back)
following.register(Follower("service.Ticket"))
erasing.register(*erasing_of.HOLDERS)


@events.subscribe("ticket.answered", name="service.mail_answer")
def mail_answer(event: Event) -> None:
    mail.send_answer(message_id=event.data["message"], at=event.at)
