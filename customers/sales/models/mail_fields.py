"""What templates of letters may name of opportunities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.mail import fields
from crm.web import formats
from customers.models import Contact, Customer
from customers.models.mail_fields import main_contact
from customers.sales.models import closed_amounts
from customers.sales.models.lead import Lead
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.quote import Quote

QUOTE_SUBJECT = gettext_noop("Our quote {quote.number}")
QUOTE_TEXT = gettext_noop(
    "Dear {contact.name},\n\nenclosed you find our quote {quote.number} of {quote.total}, valid until"
    " {quote.valid_until}. You can read and answer it here:\n{quote.link}\n\n{writer.name}"
)


def register() -> None:
    fields.register("opportunity", {
        "name": (_("name of the opportunity"), lambda sale: sale.name),
        "amount": (_("amount of the opportunity"), amount),
        "close": (_("expected close of the opportunity"), close),
    })  # fmt: skip
    fields.stand_around(Opportunity.kind, around)
    fields.register("lead", {
        "name": (_("name of the lead"), lambda lead: lead.name),
        "organisation": (_("organisation of the lead"), lambda lead: lead.organisation),
        "product": (_("product the lead asked for"), lambda lead: str(lead.product or "")),
    })  # fmt: skip
    fields.stand_around(Lead.kind, around_lead)
    fields.register("quote", {
        "number": (_("number of the quote"), str),
        "title": (_("what the quote is about"), lambda quote: quote.title),
        "total": (_("total of the quote"), lambda quote: formats.money(quote.total, quote.currency)),
        "valid_until": (_("last day of the quote"), lambda quote: formats.exact_date(quote.valid_until)),
        "link": (_("link under which the quote is answered"), link),
    })  # fmt: skip
    fields.stand_around(Quote.kind, around_quote)
    fields.begin_with(Quote.kind, QUOTE_SUBJECT, QUOTE_TEXT)


@dataclass(frozen=True)
class Organisation:
    """What a template calls the customer, of a lead that has become none."""

    name: str
    city: str
    number: str = ""


def around_lead(user: Any, lead: Any) -> dict[str, Any]:
    """A lead stands in for the contact and the customer: most templates speak of these."""
    customer = Customer.objects.visible_to(user).filter(pk=lead.customer_id).first()
    contact = Contact.objects.visible_to(user).filter(pk=lead.contact_id).first()
    stand_in = Organisation(lead.organisation or lead.name, lead.city)
    return {"lead": lead, "contact": contact or lead, "customer": customer or stand_in, "owner": lead.owner}


def link(quote: Any) -> str:
    """For whoever may edit it, of what was sent: see `around_quote`."""
    return str(getattr(quote, "link_to_write", ""))


def around_quote(user: Any, quote: Any) -> dict[str, Any]:
    customer = Customer.objects.visible_to(user).filter(pk=quote.customer_id).first()
    contact = Contact.objects.visible_to(user).filter(pk=quote.contact_id).first()
    if contact is None and customer is not None:
        contact = main_contact(user, customer)
    may_write = Quote.objects.editable_by(user).filter(pk=quote.pk).exists()
    quote.link_to_write = quote.link if may_write and not quote.is_draft else ""
    return {"quote": quote, "contact": contact, "customer": customer, "owner": quote.owner}


def amount(sale: Any) -> str:
    is_told = sale.amount is not None and not closed_amounts.are_hidden()
    return formats.money(sale.amount, sale.currency) if is_told else ""


def close(sale: Any) -> str:
    return formats.exact_date(sale.expected_close) if sale.expected_close else ""


def around(user: Any, sale: Any) -> dict[str, Any]:
    customer = Customer.objects.visible_to(user).filter(pk=sale.customer_id).first()
    contact = Contact.objects.visible_to(user).filter(pk=sale.contact_id).first()
    if contact is None and customer is not None:
        contact = main_contact(user, customer)
    return {"opportunity": sale, "contact": contact, "customer": customer, "owner": sale.owner}
