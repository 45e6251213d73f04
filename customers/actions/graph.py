"""A customer goes to the bin, and comes back, with what belongs to it.

What went in together bears the same moment, to the microsecond: that is how it is found again. Activities can be
many, so they are moved by one statement each way; their search documents go with them, and return with them as far
as they are few, the others in the background.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from crm.models import SearchDocument
from crm.search import documents
from customers.models import Activity, Contact, Customer, CustomerContact, Task

AT_ONCE = 1000


def put_in_bin(customer: Customer, at: datetime) -> None:
    for rows in _alive_graph(customer):
        ids = list(rows.order_by().values_list("pk", flat=True))
        rows.model._base_manager.filter(pk__in=ids).update(deleted_at=at)
        SearchDocument.objects.filter(kind=rows.model.kind, object_id__in=ids).delete()


def take_out_of_bin(customer: Customer, went_at: datetime) -> None:
    for rows in (_of(Activity, customer), _of(Task, customer), Contact.objects.of_customer(customer)):
        ids = list(rows.filter(deleted_at=went_at).order_by().values_list("pk", flat=True))
        rows.model._base_manager.filter(pk__in=ids).update(deleted_at=None)
        documents.refresh_many(rows.model._base_manager.filter(pk__in=ids[:AT_ONCE]))


def find_again(customer: Customer) -> int:
    """What came back with it and has no search document yet: more than somebody who clicks can be kept waiting for."""
    found = 0
    for rows in _alive_graph(customer):
        described = SearchDocument.objects.filter(kind=rows.model.kind, object_id=OuterRef("pk"))
        while batch := list(rows.filter(~Exists(described)).order_by("pk")[:AT_ONCE]):
            documents.refresh_many(batch)
            found += len(batch)
    return found


def _alive_graph(customer: Customer) -> list[Any]:
    elsewhere = CustomerContact.objects.filter(contact=OuterRef("pk"), customer__deleted_at=None)
    only_here = ~Exists(elsewhere.exclude(customer=customer))
    return [
        _of(Activity, customer).alive(),
        _of(Task, customer).alive(),
        Contact.objects.of_customer(customer).alive().filter(only_here),
    ]


def _of(model: Any, customer: Customer) -> Any:
    return model.objects.filter(customer=customer)
