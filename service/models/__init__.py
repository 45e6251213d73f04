from service.models.countdown import Countdown, countdowns
from service.models.message import Message
from service.models.queue import Queue
from service.models.sla import Priority, SlaPolicy, SlaTarget
from service.models.state import TicketState
from service.models.ticket import Ticket
from service.models.ticket_event import TicketEvent

__all__ = [
    "Countdown",
    "Message",
    "Priority",
    "Queue",
    "SlaPolicy",
    "SlaTarget",
    "Ticket",
    "TicketEvent",
    "TicketState",
    "countdowns",
]
