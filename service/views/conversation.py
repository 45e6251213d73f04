"""What is written on a ticket, and who is looking at it."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import asked
from service.actions import tickets
from service.forms.tickets import COMPOSERS
from service.models import Message, Ticket
from service.views import ticket_page
from service.views.requests import Request

Direction = Message.Direction


class Compose(View):
    """One of the three composers below the conversation."""

    direction = ""

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_permitted(Ticket.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = COMPOSERS[self.direction](request.POST, auto_id=f"{self.direction}_%s")
        if not form.is_valid():
            return self._again(request, ticket, form, 422)
        try:
            said = self.write(ticket, form.cleaned_data, request.user)
        except tickets.NewerMessage as newer:
            return self._again(request, ticket, self._unseen(request, newer), 409, newer.messages)
        except ValidationError as refusal:
            form.add_error(None, refusal)
            return self._again(request, ticket, form, 422)
        return ticket_page.answer(request, ticket, timezone.now(), said)

    def write(self, ticket: Ticket, values: dict[str, Any], by: Any) -> str:
        raise ValueError(f"No composer writes {self.direction!r}.")

    def _again(self, request: Request, ticket: Ticket, form: Any, status: int, newer: Any = ()) -> HttpResponse:
        fresh = Ticket.objects.visible_to(request.user).select_related(*ticket_page.RELATED).get(pk=ticket.pk)
        whole = not request.headers.get("HX-Target", "").endswith("#ticket-main")
        template = "service/ticket/detail.html" if whole else "service/ticket/_main.html"
        shown = ticket_page.context(request, fresh, timezone.now(), composing=self.direction, form=form, newer=newer)
        return render(request, template, shown, status=status)

    def _unseen(self, request: Request, newer: tickets.NewerMessage) -> Any:
        """The same text, ready to be sent once what was written meanwhile has been read."""
        values = request.POST.copy()
        values["seen"] = str(max(message.pk for message in newer.messages))
        form = COMPOSERS[self.direction](values, auto_id=f"{self.direction}_%s")
        form.add_error(None, _("Somebody wrote meanwhile: read it above. Your answer is kept, and not sent yet."))
        return form


class Reply(Compose):
    direction = Direction.OUTBOUND

    def write(self, ticket: Ticket, values: dict[str, Any], by: Any) -> str:
        tickets.reply(
            ticket=ticket, body=values["body"], by=by, at=timezone.now(), seen=values["seen"], state=values["state"]
        )
        return _("Your answer is on the ticket.")


class Note(Compose):
    direction = Direction.NOTE

    def write(self, ticket: Ticket, values: dict[str, Any], by: Any) -> str:
        tickets.note(ticket=ticket, body=values["body"], by=by, at=timezone.now())
        return _("Noted for your colleagues.")


class CustomerMessage(Compose):
    direction = Direction.INBOUND

    def write(self, ticket: Ticket, values: dict[str, Any], by: Any) -> str:
        tickets.customer_replied(ticket=ticket, body=values["body"], by=by, at=timezone.now())
        return _("What the customer said is on the ticket.")


class Presence(View):
    """Says "I am looking at this", and answers who else is, and whether somebody wrote since."""

    SECONDS = 50  # a little more than two heartbeats

    def post(self, request: Request, pk: int) -> HttpResponse:
        ticket = guards.get_visible(Ticket.objects.all(), request.user, pk=pk)
        user: Any = request.user
        now = timezone.now().timestamp()
        key = f"ticket-viewers-{ticket.pk}"
        known = {who: seen for who, seen in (cache.get(key) or {}).items() if now - seen[1] < self.SECONDS}
        # Two heartbeats at once may lose one of the two; the next one, seconds later, puts it back.
        cache.set(key, known | {user.pk: (user.name, now)}, self.SECONDS)
        others = sorted(name for who, (name, _seen) in known.items() if who != user.pk)
        last = asked.number(request.POST, "last")
        newer = 0 if last is None else ticket.messages.after(last).count()
        return render(request, "service/ticket/_presence.html", {"ticket": ticket, "others": others, "newer": newer})
