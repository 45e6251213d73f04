"""What the ticket page and its parts are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from crm.access.permissions import Verb
from crm.web import mentions
from crm.web.toasts import toast
from customers.models import Contact, Purpose
from customers.models.tag import by_number
from customers.models.writing import may_write_to
from service.actions import clock, states
from service.forms.tickets import COMPOSERS
from service.models import Message, Ticket, TicketEvent, countdowns
from service.views.requests import Request

SHOWN = 60  # lines of the conversation; older ones are a click away
# Lines of the history that the conversation does not show by itself.
TOLD = [
    TicketEvent.Type.ASSIGNED,
    TicketEvent.Type.MOVED,
    TicketEvent.Type.PAUSED,
    TicketEvent.Type.RESUMED,
    TicketEvent.Type.RESOLVED,
    TicketEvent.Type.REOPENED,
    TicketEvent.Type.CLOSED,
    TicketEvent.Type.PRIORITISED,
    TicketEvent.Type.BREACHED,
]
# What is shown of each line, of whoever is named in it no more than the name.
SAID = ("ticket", "direction", "body", "at", "unsent", "is_automatic", "author__name", "contact__name")
HAPPENED = ("ticket", "type", "at", "priority", "data", "by__name", "owner__name", "queue__name")
RELATED = ("state", "queue", "owner", "team", "customer", "contact", "sla_policy__calendar")


def context(
    request: Request, ticket: Ticket, now: datetime, *, composing: str = "", form: Any = None, newer: Any = ()
) -> dict[str, Any]:
    """Everything `_main.html` shows. `form` is the composer that was refused, with what was typed in it."""
    lines, hidden = conversation(ticket, everything="all" in request.GET)
    last = max((line.pk for line in lines if isinstance(line, Message)), default=0)
    access = request.user.access
    editable = Ticket.objects.editable_by(request.user).filter(pk=ticket.pk).exists()
    forms: dict[str, Any] = {
        kind: composer(initial={"seen": last}, auto_id=f"{kind}_%s") for kind, composer in COMPOSERS.items()
    }
    if form is not None:
        forms[composing] = form
    if ticket.is_new:
        forms[Message.Direction.OUTBOUND].suggest(states.state_at_work())
    return {
        "ticket": ticket,
        "tags": by_number(ticket.tags) if ticket.tags else [],
        "lines": lines,
        "hidden": hidden,
        "last": last,
        "now": now,
        "sees_contact": ticket.contact_id is not None
        and Contact.objects.visible_to(request.user).filter(pk=ticket.contact_id).exists(),
        "unreachable": unreachable(ticket),
        "countdowns": countdowns(ticket, now, paused_since(ticket)),
        "may_edit": editable,
        "may_assign": editable and access.may("ticket", Verb.ASSIGN),
        "may_delete": access.may("ticket", Verb.DELETE),
        "administers": access.administers,
        "composers": forms,
        "composing": composing or Message.Direction.OUTBOUND,
        "newer": newer,
    }


def unreachable(ticket: Ticket) -> str:
    """Why an answer would not go out as a mail; whoever writes it should know before."""
    asker = ticket.contact
    return may_write_to(asker, Purpose.SERVICE, customer=ticket.customer).in_words if asker else ""


def conversation(ticket: Ticket, *, everything: bool) -> tuple[list[Any], int]:
    """Messages and what happened in between, oldest first, and how many earlier lines are left out."""
    messages = ticket.messages.select_related("author", "contact").only(*SAID).order_by("-at", "-pk")
    told = ticket.events.filter(type__in=TOLD)
    happened = told.select_related("by", "owner", "queue").only(*HAPPENED).order_by("-at", "-pk")
    limit = None if everything else SHOWN + 1
    lines: list[Any] = [*messages[:limit], *happened[:limit]]
    newest = sorted(lines, key=lambda line: (line.at, line.pk))
    shown = newest if everything else newest[-SHOWN:]
    mentions.know([line for line in shown if isinstance(line, Message)], "body")
    hidden = 0 if len(shown) == len(newest) else ticket.messages.count() + told.count() - SHOWN
    return shown, hidden


def paused_since(ticket: Ticket) -> datetime | None:
    if not ticket.is_paused:
        return None
    pauses = clock.pauses_of(ticket)
    return pauses[-1][0] if pauses and pauses[-1][1] is None else None


def answer(request: Request, ticket: Ticket, now: datetime, said: Any = "") -> HttpResponse:
    """After a change: the page's main part to htmx, the whole page otherwise; the inbox when it is out of reach."""
    if said:
        toast(request, said)
    visible = Ticket.objects.visible_to(request.user).filter(pk=ticket.pk)
    if request.headers.get("HX-Target", "").endswith("#ticket-main"):
        fresh = visible.select_related(*RELATED).first()
        if fresh is None:
            return redirect("ticket-list")
        response = render(request, "service/ticket/_main.html", context(request, fresh, now))
        response["HX-Trigger"] = "ticket-changed"
        return response
    return redirect(reverse("ticket-detail", args=[ticket.pk]) if visible.exists() else reverse("ticket-list"))
