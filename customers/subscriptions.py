"""What follows when customers and contacts change."""

from __future__ import annotations

from crm import events
from crm.models import Event
from crm.search import quoting


@events.subscribe(["customer.updated", "contact.updated"], name="customers.search_words", changing=("name", "email"))
def find_by_the_new_name(event: Event) -> None:
    """Opportunities, orders and tickets are found by the names of their customers and contacts, and show them."""
    quoting.follow(event.subject_kind, [event.subject_id], event.data)
