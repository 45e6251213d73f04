"""What of a ticket is personal: what was asked and answered. When, how fast and by whom of us stays."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.actions.redaction_words import ERASED
from customers.models.erasing import Holder, theirs, where_they_work
from customers.models.person import Person


def _said(person: Person) -> Q:
    """What they wrote, and everything in their own tickets."""
    theirs_whole = Q(ticket__contact__in=person.contacts) | Q(ticket__customer__in=person.customers)
    return theirs_whole | Q(contact__in=person.contacts)


HOLDERS = (
    Holder(
        "service.Ticket",
        theirs,
        {"subject": ERASED, "custom": {}},
        mentions=where_they_work,
        texts=("subject",),
        told=("number", "opened_at", "resolved_at"),
        stays=_("number, type, times, deadlines and the answer's score"),
    ),
    Holder(
        "service.Message",
        _said,
        {"body": ERASED},
        mentions=lambda person: Q(ticket__customer__in=person.anywhere),
        texts=("body",),
        told=("direction", "at"),
        title=_("messages of tickets"),
        stays=_("that something was written, and when"),
    ),
    Holder(
        "service.TicketEvent",
        mentions=lambda person: Q(ticket__contact__in=person.contacts) | Q(ticket__customer__in=person.anywhere),
        texts=("data",),
        title=_("histories of tickets"),
    ),
)
