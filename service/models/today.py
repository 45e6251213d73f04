"""What Today knows from tickets: customers who wait for an answer, and deadlines that have passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from crm.access.beside import Beside
from crm.access.permissions import Verb
from crm.web.formats import duration
from customers.models import Customer
from customers.models.today import Asking, Item, Weight
from service.models.ticket import Ticket

SAID = ("number", "subject", "customer", "next_due_at", "waiting_since")


def of_my_customers(asking: Asking) -> list[Item]:
    """Tickets of one's customers that others answer: to know before calling, and to press for."""
    if not asking.user.access.may(Customer.kind, Verb.VIEW):
        return []
    # Whose the customer is stands beside the ticket, and whoever may see customers at all sees their own.
    mine = Exact(Beside("customer", "owner"), asking.user.pk)
    return _items(Ticket.objects.visible_to(asking.user).filter(mine), asking)


def assigned_to_me(asking: Asking) -> list[Item]:
    return _items(Ticket.objects.visible_to(asking.user).owned_by(asking.user), asking)


def _items(tickets: Any, asking: Asking) -> list[Item]:
    waiting = tickets.unresolved().filter(Q(waiting_since__isnull=False) | Q(next_due_at__lt=asking.now))
    rows = waiting.exclude(pk__in=asking.asleep(Ticket.kind)).order_by(
        F("next_due_at").asc(nulls_last=True), F("waiting_since").asc(nulls_last=True), "pk"
    )
    return [_item(ticket, asking) for ticket in rows.only(*SAID)[: asking.limit]]


def _item(ticket: Ticket, asking: Asking) -> Item:
    due, since = ticket.next_due_at, ticket.waiting_since
    if due is not None and due < asking.now:
        weight, reason = Weight.BREACHED, _("Deadline missed %(time)s ago") % {"time": duration(asking.now - due)}
    else:
        waited = duration(asking.now - since) if since else ""
        weight, reason = Weight.WAITING, _("The customer has waited %(time)s for an answer") % {"time": waited}
    finish = {}
    if ticket.customer_id:
        finish["log"] = asking.log_url(customer=ticket.customer_id, about=(Ticket.kind, ticket.pk))
    return Item(Ticket.kind, ticket.pk, str(ticket), weight, (reason,), due, customer_id=ticket.customer_id,
                finish=finish)  # fmt: skip


def open_of(user: Any, ids: Sequence[int], now: datetime) -> int:
    """Of these customers together."""
    return Ticket.objects.visible_to(user).unresolved().filter(customer__in=ids).count()
