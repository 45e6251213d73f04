"""Who belongs to a segment, of the customers at hand: chosen, or answering to its question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict

from crm.access import fields
from crm.custom_fields import filtering
from crm.models.custom_field import ENDINGS
from crm.web.lists.filters import bound
from crm.web.lists.offered import closed_to
from customers.models import Customer, Segment, SegmentMember

# A segment of segments would go round in circles, and what is shared with whom is another for everybody.
NOT_ASKED = ("segment", "shared_with_me")


def members(segment: Segment, customers: QuerySet, request: Any) -> QuerySet:
    """Start from what the person may see: nobody learns of a customer by a segment."""
    if segment.is_static:
        return customers.filter(Exists(SegmentMember.objects.filter(segment=segment, customer=OuterRef("pk"))))
    asked = asking(segment.question, customers, request, only=True)
    # What names a person or team that is not theirs to see finds nobody, rather than everybody.
    return asked.filter_queryset(customers) if asked.form.is_valid() else customers.none()


def asking(question: Mapping[str, Any], customers: QuerySet, request: Any, *, only: bool = False) -> Any:
    """The filters of the customer list, asked a stored question; `only` those that it asks, where no form is drawn."""
    from customers.lists.customers import CustomerFilter  # it offers segments itself

    params = as_params(question)
    if not only:
        return CustomerFilter(params, queryset=customers, request=request)
    return bound(CustomerFilter, params, customers, request)


def unasked(segment: Segment, user: Any) -> dict[str, Any]:
    """What the segment asks that is hidden from whoever changes it: that stays as it is."""
    from customers.lists.customers import CustomerFilter

    closed, asked = set(closed_to(user, CustomerFilter.base_filters, Customer)), segment.question
    closed |= fields.hidden(Customer.kind)
    return {name: asked[name] for name in asked if {name, filtering.without_ending(name)} & closed}


def as_params(question: Mapping[str, Any]) -> QueryDict:
    params = QueryDict(mutable=True)
    for name, values in question.items():
        params.setlist(name, [str(value) for value in (values if isinstance(values, list) else [values])])
    return params


def question_of(params: QueryDict) -> dict[str, list[str]]:
    """What of an address, or of a form, is a question to customers."""
    from customers.lists.customers import CustomerFilter

    asked = [name for name in CustomerFilter.base_filters if name not in NOT_ASKED]
    asked += filtering.names(CustomerFilter, Customer.kind)
    names = [name + ending for name in asked for ending in ("", *ENDINGS)]
    found = {name: [value for value in params.getlist(name) if value] for name in names}
    return {name: values for name, values in found.items() if values}
