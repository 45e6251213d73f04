"""What the service desk does after something happened."""

from typing import Any

from crm import events
from crm.actions import journal
from crm.models import Event
from customers.actions import tags
from customers.models import erasing, following
from customers.models.following import Follower
from service.actions import erasing_of, mail, tickets


def put_back(ticket: Any, changes: dict[str, Any], *, by: Any, at: Any) -> None:
    """As it was before something was done to many: whose it was, how urgent, in which state, with which tags."""
    if "owner" in changes:
        tickets.assign(ticket=ticket, owner=changes["owner"], by=by, at=at)
    if "priority" in changes:
        tickets.prioritise(ticket=ticket, priority=changes["priority"], by=by, at=at)
    if "state" in changes:
        waited = changes["waiting_since"]
        tickets.unresolve(ticket=ticket, state=changes["state"], waiting_since=waited, by=by, at=at)
    if "tags" in changes:
        tags.write(ticket, {"tags": changes["tags"]}, by=by, at=at)


def out_of_bin(ticket: Any, *, by: Any, at: Any) -> None:
    tickets.restore(ticket=ticket, by=by, at=at)


journal.restored_with("service.Ticket", put_back, out_of_bin=out_of_bin)
following.register(Follower("service.Ticket"))
erasing.register(*erasing_of.HOLDERS)


@events.subscribe("ticket.answered", name="service.mail_answer")
def mail_answer(event: Event) -> None:
    mail.send_answer(message_id=event.data["message"], at=event.at)
