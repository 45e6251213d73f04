from __future__ import annotations

from typing import Any

from crm.models import User
from customers.models import Contact, Customer


def contacts_of(user: Any, customer: Customer) -> Any:
    """The people at a customer whom the person may see."""
    return Contact.objects.visible_to(user).working_at(customer)


def contact_with(user: Any, email: str) -> Contact | None:
    return Contact.objects.visible_to(user).with_email(email).order_by("pk").first()


def agents(user: Any) -> Any:
    """Active people whose role lets them work on tickets."""
    workers = User.objects.filter(roles__grants__kind="ticket", roles__grants__verb="edit", roles__grants__reach__gt=0)
    return User.objects.visible_to(user).active().filter(pk__in=workers.values("pk")).order_by("name")
