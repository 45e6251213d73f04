"""What of service stands on a customer's one page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web import formats
from customers.models import Customer, summary
from service.models import Ticket


def tickets(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = Ticket.objects.visible_to(user).filter(customer=customer).unresolved().select_related("state", "owner")
    return [
        [each.number, each.subject, each.state.name, formats.exact_date(timezone.localtime(each.opened_at).date())]
        for each in found.by_urgency()[: summary.ROOM]
    ]


def register() -> None:
    summary.register("tickets", title=_("Open tickets"), lines=tickets, order=50)
