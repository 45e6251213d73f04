"""What the customer list, and so a segment, can ask of a customer's tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.web.lists import offered
from customers.lists.around import HowMany, WithinDays
from customers.lists.customers import CustomerFilter
from service.models import Ticket


def offer() -> None:
    seen = {"kinds": ("ticket",)}
    offered.offer(
        CustomerFilter,
        _("Tickets"),
        20,
        tickets_open=HowMany(open_tickets, label=_("open tickets"), **seen),
        tickets_late=HowMany(late_tickets, label=_("tickets past their deadline"), **seen),
        complaints_open=HowMany(open_complaints, label=_("open complaints"), **seen),
        tickets_days=WithinDays(any_ticket, "opened_at", label=_("ticket opened in the last … days"), **seen),
    )


def any_ticket(user: Any, now: datetime) -> QuerySet:
    return Ticket.objects.visible_to(user)


def open_tickets(user: Any, now: datetime) -> QuerySet:
    return Ticket.objects.visible_to(user).unresolved()


def late_tickets(user: Any, now: datetime) -> QuerySet:
    return Ticket.objects.visible_to(user).overdue(now)


def open_complaints(user: Any, now: datetime) -> QuerySet:
    return open_tickets(user, now).filter(type=Ticket.Type.COMPLAINT)
