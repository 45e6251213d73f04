"""Customers by what their contacts of today allow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Consent, Contact, CustomerContact, Purpose


def links_of_today(user: Any, now: datetime) -> QuerySet:
    """Who works where, of the contacts the person may see."""
    seen = Contact.objects.visible_to(user).filter(pk=OuterRef("contact")).order_by()
    return CustomerContact.objects.filter(Exists(seen), ended_on=None)  # scoped: by the contact


class ConsentFilter(filters.ModelMultipleChoiceFilter):
    """Somebody there said this last to one of the purposes."""

    kinds = ("contact",)

    def __init__(self, state: str, **kwargs: Any) -> None:
        self.state = state
        super().__init__(queryset=lambda request: Purpose.objects.active(), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
        same = {"contact": OuterRef("contact"), "purpose": OuterRef("purpose")}
        said = Consent.objects.filter(contact=OuterRef("contact"), purpose__in=list(value), state=self.state)
        last = said.filter(~Exists(Consent.objects.filter(later, **same)))
        links = links_of_today(self.get_request().user, None)  # type: ignore[arg-type]
        return qs.filter(Exists(links.filter(Exists(last), customer=OuterRef("pk"))))
