"""What templates of letters may name of opportunities."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.mail import fields
from crm.web import formats
from customers.models import Contact, Customer
from customers.models.mail_fields import main_contact
from customers.sales.models.opportunity import Opportunity


def register() -> None:
    fields.register("opportunity", {
        "name": (_("name of the opportunity"), lambda sale: sale.name),
        "amount": (_("amount of the opportunity"), amount),
        "close": (_("expected close of the opportunity"), close),
    })  # fmt: skip
    fields.stand_around(Opportunity.kind, around)


def amount(sale: Any) -> str:
    return formats.money(sale.amount, sale.currency) if sale.amount is not None else ""


def close(sale: Any) -> str:
    return formats.exact_date(sale.expected_close) if sale.expected_close else ""


def around(user: Any, sale: Any) -> dict[str, Any]:
    customer = Customer.objects.visible_to(user).filter(pk=sale.customer_id).first()
    contact = Contact.objects.visible_to(user).filter(pk=sale.contact_id).first()
    if contact is None and customer is not None:
        contact = main_contact(user, customer)
    return {"opportunity": sale, "contact": contact, "customer": customer, "owner": sale.owner}
