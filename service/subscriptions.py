"""What the service desk does after something happened."""

from crm import events
from crm.models import Event
from service.actions import mail


@events.subscribe("ticket.answered", name="service.mail_answer")
def mail_answer(event: Event) -> None:
    mail.send_answer(message_id=event.data["message"])
