"""Phones and mail addresses of leads, for readers to whom a role closes them: what repeats them beside the lead.

What it shares with customers and contacts is in customers/models/reached.py.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from crm.access import fields
from crm.access.fields import Hidden
from customers.sales.models.lead import Lead
from customers.sales.models.lead_confirmation import LeadConfirmation
from customers.sales.models.lead_letter import LeadLetter
from customers.sales.models.mailing_letter import MailingLetter
from customers.sales.models.received_lead import ReceivedLead


def of_lead(hidden: Hidden) -> frozenset[str]:
    return hidden.get(Lead.kind, fields.NOTHING)


def of_sender(_letter: Any, value: Any, hidden: Hidden) -> Any:
    """Who wrote, by the name they gave."""
    return parseaddr(value)[0] if "email" in of_lead(hidden) else value


def of_asked(_waiting: Any, value: Any, hidden: Hidden) -> Any:
    return "" if "email" in of_lead(hidden) else value


def of_values(_waiting: Any, value: Any, hidden: Hidden) -> Any:
    """What a form waits with, field by field."""
    closed = of_lead(hidden)
    return {name: each for name, each in value.items() if name not in closed} if closed else value


def of_raw(_received: Any, value: Any, hidden: Hidden) -> Any:
    """As it came: which of it is the phone only the source's mapping knows."""
    return {} if of_lead(hidden) else value


def declare() -> None:
    """Called in `AppConfig.ready`. The history says `address` of the mail address."""
    from customers.models import reached

    fields.declare(Lead, "email", "phone", "note", closes={"email": ("address",)})
    fields.retell(MailingLetter, "address", reached.no_address)
    fields.retell(LeadLetter, "sender", of_sender)
    fields.retell(LeadConfirmation, "email", of_asked)
    fields.retell(LeadConfirmation, "values", of_values)
    fields.retell(ReceivedLead, "raw", of_raw)
