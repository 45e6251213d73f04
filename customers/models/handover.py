"""What goes along when customers are handed over with the open work: counted beforehand, to be told."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.joining import listed
from crm.web import formats
from customers.models.contact import Contact
from customers.models.customer import Customer
from customers.models.task import Task


def open_work(customers: QuerySet[Any]) -> list[str]:
    """Open tasks of the last owner, and people who are at no other customer of theirs: as `hand_over` moves them."""
    chosen = customers.order_by().values("pk")
    tasks = Task.objects.alive().open().filter(customer__in=chosen, owner=F("customer__owner"))
    people = Contact.objects.alive().filter(customers__in=chosen, owner=F("customers__owner"))
    elsewhere = Customer.objects.alive().exclude(pk__in=chosen).exclude(owner=None)
    staying = Contact.objects.filter(customers__in=elsewhere, owner=F("customers__owner"))
    moving = people.exclude(pk__in=staying.order_by().values("pk")).order_by().values("pk").distinct()
    to_do, known = tasks.count(), moving.count()
    told = (
        (to_do, ngettext("%(count)s open task", "%(count)s open tasks", to_do)),
        (known, ngettext("%(count)s contact", "%(count)s contacts", known)),
    )
    return [text % {"count": formats.number(count)} for count, text in told if count]


def goes_along(parts: list[str]) -> list[str]:
    """As one sentence, where there is anything."""
    return [_("With the open work go along: %(parts)s.") % {"parts": listed(parts)}] if parts else []


def foretold(customers: QuerySet[Any], **_asking: Any) -> list[str]:
    return goes_along(open_work(customers))
