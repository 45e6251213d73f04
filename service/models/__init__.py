from service.models.queue import Queue
from service.models.sla import SlaPolicy, SlaTarget
from service.models.ticket import Message, Ticket, TicketEvent, TicketState

__all__ = ["Message", "Queue", "SlaPolicy", "SlaTarget", "Ticket", "TicketEvent", "TicketState"]
