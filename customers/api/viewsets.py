from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.errors import Conflict
from crm.api.idempotency import once
from crm.api.operations import OperationSerializer
from crm.api.serializers import validated
from crm.api.viewsets import RecordViewSet, etag_of, part
from crm.custom_fields import writing
from customers.actions import activities, contacts, customers, merging, pool, task_results, tasks
from customers.actions.about import may_note
from customers.api import filters, serializers
from customers.api.duplicates import REFUSED, MergeSerializer, apart_from
from customers.api.erasures import HoldsPersonalData
from customers.api.planning import PlannedViewSet
from customers.api.pool import ReleaseSerializer
from customers.api.reaching import ConsentingViewSet, ReachedViewSet
from customers.models import Activity, Contact, Customer, CustomerContact, Task, alike, family


@extend_schema_view(
    list=extend_schema(summary="Customers"),
    create=extend_schema(responses={201: serializers.CustomerSerializer, **REFUSED}),
)
class CustomerViewSet(HoldsPersonalData, ReachedViewSet):
    model = Customer
    serializer_class = serializers.CustomerSerializer
    filterset_class = filters.CustomerFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Customer:
        is_allowed, found = values.pop("allow_duplicate", False), alike.customers_like(by, values)
        return customers.create(by=by, at=at, apart_from=apart_from(found, allowed=is_allowed), **values)

    def update_record(self, record: Customer, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        values.pop("allow_duplicate", None)
        return customers.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Customer, *, by: Any, at: datetime) -> None:
        customers.delete(record, by=by, at=at)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One that was merged is found at the address of the customer it became."""
        try:
            return super().retrieve(request, *args, **kwargs)
        except Http404:
            if (address := self._where_it_went()) is None:
                raise
            return Response(status=301, headers={"Location": address})

    def permitted_record(self, verb: Verb) -> Any:
        """A write to one that was merged is refused: its ETag says nothing of the customer it became."""
        try:
            return super().permitted_record(verb)
        except Http404:
            if (address := self._where_it_went()) is None:
                raise
            raise Conflict(_("This customer was merged into another: %(address)s.") % {"address": address}) from None

    def _where_it_went(self) -> str | None:
        master = merging.became(self.kwargs["pk"])
        seen = Customer.objects.visible_to(self.request.user).filter(pk=master) if master else None
        if seen is None or not seen.exists():
            return None
        return self.request.build_absolute_uri(reverse("api:customer-detail", args=[master]))

    @extend_schema(
        request=MergeSerializer,
        responses=OperationSerializer,
        summary="Merge another customer into this one",
        description="What pointed at the other points here afterwards. The answer can be undone: POST "
        "/api/v1/operations/{id}/undoing/.",
    )
    @action(detail=True, methods=["post"], url_path="merge", verb=Verb.EDIT)
    def merge(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        version = self.expected_version(record)
        wanted = MergeSerializer(data=request.data, context=self.get_serializer_context())
        validated(wanted)
        other = wanted.validated_data["other"]
        chosen = {name: writing.held(other, name) for name in wanted.validated_data["from_other"]}
        versions = (record.version if version is None else version, wanted.validated_data["other_version"])

        def write() -> Response:
            by: Any = request.user
            done = merging.merge(record, other, chosen=chosen, by=by, at=timezone.now(), versions=versions)
            return Response(OperationSerializer(done, context=self.get_serializer_context()).data)

        return once(request, write)

    @extend_schema(
        request=ReleaseSerializer, responses=serializers.CustomerSerializer, summary="Release a customer to the pool"
    )
    @action(detail=True, methods=["post"], url_path="release", verb=Verb.EDIT)
    def release(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.VIEW)
        if not Customer.objects.visible_to(request.user).releasable_by(request.user).filter(pk=record.pk).exists():
            raise PermissionDenied(_("Only its owner, or who may assign it, puts it into the pool."))
        self.expected_version(record)
        said = ReleaseSerializer(data=request.data)
        validated(said)

        def write() -> Response:
            by: Any = request.user
            freed = pool.release(record, by=by, at=timezone.now(), **said.validated_data)
            return Response(self._shown(freed), headers=etag_of(freed))

        return once(request, write)

    @part("roll-up", serializers.RollUpSerializer, summary="This customer and everything below it, added up")
    def roll_up(self, request: Request, pk: int) -> Response:
        customer, now = self.get_object(), timezone.now()
        nodes = family.below(customer, request.user)
        ids = [node.pk for node in nodes]
        last = family.last_contact(ids)
        figures = {figure.code: figure.as_json(value) for figure, value in family.rolled_up(request.user, ids, now)}
        told = {"customers": ids, "last_contact_at": last[0] if last else None, "figures": figures}
        return Response(serializers.RollUpSerializer(told).data)


@extend_schema_view(
    list=extend_schema(summary="Contacts"),
    create=extend_schema(responses={201: serializers.ContactSerializer, **REFUSED}),
)
class ContactViewSet(HoldsPersonalData, ConsentingViewSet):
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
        is_allowed, found = values.pop("allow_duplicate", False), alike.contacts_like(by, values)
        return contacts.create(by=by, at=at, apart_from=apart_from(found, allowed=is_allowed), **values)

    def update_record(self, record: Contact, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        values = {name: value for name, value in values.items() if name not in ("customer", "role", "allow_duplicate")}
        return contacts.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Contact, *, by: Any, at: datetime) -> None:
        contacts.delete(record, by=by, at=at)

    @extend_schema(request=serializers.WorksAtShape, summary="The person works at a customer, and as what")
    @action(detail=True, methods=["post"], url_path="customers", url_name="customers", verb=Verb.EDIT)
    def works_at(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, contacts.link, serializers.WorksAtShape)

    @extend_schema(request=serializers.LeavingShape, summary="The person no longer works at a customer")
    @action(detail=True, methods=["post"], url_path="leaving", verb=Verb.EDIT)
    def leaving(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, contacts.leave, serializers.LeavingShape)


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
class TaskViewSet(PlannedViewSet):
    model = Task
    serializer_class = serializers.TaskSerializer
    filterset_class = filters.TaskFilter
    related = ("series",)

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Task:
        return tasks.create(by=by, at=at, **values)

    def update_record(self, record: Task, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return tasks.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Task, *, by: Any, at: datetime) -> None:
        tasks.delete(record, by=by, at=at)

    @extend_schema(request=None, responses=serializers.TaskSerializer, summary="Mark a task as done")
    @action(detail=True, methods=["post"], url_path="completion", verb=Verb.EDIT)
    def completion(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, tasks.complete)

    @extend_schema(request=None, responses=serializers.TaskSerializer, summary="Take a completion back")
    @action(detail=True, methods=["post"], url_path="reopening", verb=Verb.EDIT)
    def reopening(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, tasks.reopen)

    @extend_schema(
        request=serializers.ResultSerializer,
        responses=serializers.TaskSerializer,
        summary="Complete a task with its result and the next step, in one request",
    )
    @action(detail=True, methods=["post"], url_path="result", verb=Verb.EDIT)
    def result(self, request: Request, pk: int) -> Response:
        def finish(record: Task, *, by: Any, at: datetime) -> Task:
            said = serializers.ResultSerializer(data=request.data)
            validated(said)
            happened = said.happened() if may_note(record, by) else None
            return task_results.finish(record, happened=happened, by=by, at=at, **said.what_comes_next())[0]

        return self.carry_out(request, finish)
