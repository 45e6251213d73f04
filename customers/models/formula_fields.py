"""What formulas of customers and contacts may name: docs/administrators.md."""

from __future__ import annotations

from crm.custom_fields.formulas.names import OWN_CURRENCY, declare
from customers.models.contact import Contact
from customers.models.customer import Customer


def declare_all() -> None:
    declare(
        Customer, "name", "form", "lifecycle", "tier", "channel", "campaign", "first_contact_on", "industry", "number",
        "website", "email", "phone", "city", "country", "founded", "employees", "do_not_contact", "health",
        "last_activity_at", "won_back_at", "created_at", "updated_at", amounts={"annual_revenue": OWN_CURRENCY},
    )  # fmt: skip
    declare(Contact, "name", "email", "phone", "language", "birthday", "do_not_contact", "created_at", "updated_at")
