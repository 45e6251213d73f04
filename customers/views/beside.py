"""What the pages of customers and contacts say besides: where they are reached, their tags, what they allow."""

from __future__ import annotations

from typing import Any

from customers.models import Contact, Customer
from customers.models.tag import by_number
from customers.views import consents, contact_points


def context(record: Customer | Contact) -> dict[str, Any]:
    found = {**contact_points.context(record), "tags": by_number(record.tags) if record.tags else []}
    return found | consents.context(record) if isinstance(record, Contact) else found
