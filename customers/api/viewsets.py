from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.viewsets import RecordViewSet, etag_of
from customers.actions import activities, contacts, customers, tasks
from customers.api import filters, serializers
from customers.models import Activity, Contact, Customer, CustomerContact, Task


@extend_schema_view(list=extend_schema(summary="Customers"))
class CustomerViewSet(RecordViewSet):
    model = Customer
    serializer_class = serializers.CustomerSerializer
    filterset_class = filters.CustomerFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Customer:
        return customers.create(by=by, at=at, **values)

    def update_record(self, record: Customer, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return customers.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Customer, *, by: Any, at: datetime) -> None:
        customers.delete(record, by=by, at=at)


@extend_schema_view(list=extend_schema(summary="Contacts"))
class ContactViewSet(RecordViewSet):
    model = Contact
    serializer_class = serializers.ContactSerializer
    filterset_class = filters.ContactFilter

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        seen = Customer.objects.visible_to(self.request.user)
        links = CustomerContact.objects.filter(customer__in=seen)  # scoped: by its customers
        return rows.prefetch_related(Prefetch("customer_links", links, to_attr="seen_links"))

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Contact:
        return contacts.create(by=by, at=at, **values)

    def update_record(self, record: Contact, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        values = {name: value for name, value in values.items() if name not in ("customer", "role")}
        return contacts.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Contact, *, by: Any, at: datetime) -> None:
        contacts.delete(record, by=by, at=at)


@extend_schema_view(list=extend_schema(summary="Activities, the latest first"))
class ActivityViewSet(RecordViewSet):
    model = Activity
    serializer_class = serializers.ActivitySerializer
    filterset_class = filters.ActivityFilter
    prefetched = ("contacts",)
    ordering = ("at", "pk")

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Activity:
        return activities.log(by=by, at=at, happened_at=values.pop("at", None), **values)

    def update_record(self, record: Activity, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return activities.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Activity, *, by: Any, at: datetime) -> None:
        activities.delete(record, by=by, at=at)


@extend_schema_view(list=extend_schema(summary="Tasks"))
class TaskViewSet(RecordViewSet):
    model = Task
    serializer_class = serializers.TaskSerializer
    filterset_class = filters.TaskFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Task:
        return tasks.create(by=by, at=at, **values)

    def update_record(self, record: Task, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return tasks.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Task, *, by: Any, at: datetime) -> None:
        tasks.delete(record, by=by, at=at)

    @extend_schema(request=None, responses=serializers.TaskSerializer, summary="Mark a task as done")
    @action(detail=True, methods=["post"], url_path="completion", verb=Verb.EDIT)
    def completion(self, request: Request, pk: int) -> Response:
        return self._change(request, tasks.complete)

    @extend_schema(request=None, responses=serializers.TaskSerializer, summary="Take a completion back")
    @action(detail=True, methods=["post"], url_path="reopening", verb=Verb.EDIT)
    def reopening(self, request: Request, pk: int) -> Response:
        return self._change(request, tasks.reopen)

    def _change(self, request: Request, verb: Any) -> Response:
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)

        def write() -> Response:
            changed = verb(record, by=request.user, at=timezone.now())
            return Response(self.get_serializer(changed).data, headers=etag_of(changed))

        return once(request, write)
