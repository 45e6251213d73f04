"""Requests to erase a person's data, and what is held about them, over HTTP: by the permission that says so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import django_filters as filters
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards
from crm.access.permissions import Verb
from crm.api.filters import MomentFilter
from crm.api.serializers import COMMON, RecordSerializer
from crm.api.viewsets import RecordViewSet
from customers.actions import erasures, personal_data
from customers.models import ErasureRequest
from customers.models.erasure import SUBJECTS


class ErasureFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = ErasureRequest
        fields = ("owner", "team", "state", "subject_kind", "subject_id")


class ErasureSerializer(RecordSerializer):
    subject_kind = serializers.ChoiceField(choices=list(SUBJECTS), help_text="Whose data: a contact's or a customer's.")
    subject_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = serializers.ChoiceField(choices=ErasureRequest.Reason.choices, allow_blank=True, read_only=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="Once it is done: rows by what they were."
    )

    class Meta:
        model = ErasureRequest
        fields = (
            *COMMON, "subject_kind", "subject_id", "asked_by", "asked_on", "identity", "state", "reason", "decided_by",
            "decided_at", "done_at", "counts",
        )  # fmt: skip
        read_only_fields = (*COMMON, "state", "decided_by", "decided_at", "done_at")

    def validate_asked_on(self, day: date) -> date:
        if day > timezone.localdate():
            raise serializers.ValidationError(_("This day has not come yet."))
        return day


class RefusalSerializer(serializers.Serializer):
    reason = serializers.ChoiceField(choices=ErasureRequest.Reason.choices)


@extend_schema_view(
    list=extend_schema(summary="Erasure requests"),
    create=extend_schema(
        summary="Note that a person wants their data erased",
        description="Nothing is erased by it. Asked again while it is open, the answer is the same request.",
    ),
)
class ErasureViewSet(RecordViewSet):
    model = ErasureRequest
    serializer_class = ErasureSerializer
    filterset_class = ErasureFilter
    http_method_names = ["get", "post", "head", "options"]

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> ErasureRequest:
        model = SUBJECTS[values.pop("subject_kind")]
        subject = guards.get_permitted(model.objects.all(), by, Verb.EDIT, pk=values.pop("subject_id"))
        return erasures.ask(subject, by=by, at=at, **values)

    @extend_schema(
        request=None,
        responses=ErasureSerializer,
        summary="Erase it",
        description="There is no way back. A worker does it, all or nothing: read the request again for its state.",
    )
    @action(detail=True, methods=["post"], url_path="execution", verb=Verb.EDIT)
    def execution(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, erasures.order)

    @extend_schema(request=RefusalSerializer, responses=ErasureSerializer, summary="Refuse it, saying why")
    @action(detail=True, methods=["post"], url_path="refusal", verb=Verb.EDIT)
    def refusal(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, erasures.refuse, RefusalSerializer)


class PartSerializer(serializers.Serializer):
    rows = serializers.ListField(child=serializers.DictField(), help_text="Each as {column: value}.")
    withheld = serializers.IntegerField(help_text="Rows that are not yours to see.")


class HeldSerializer(serializers.Serializer):
    kind = serializers.CharField()
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    held = serializers.DictField(child=PartSerializer(), help_text="By table.")


class HoldsPersonalData:
    """What the viewsets of contacts and customers can besides."""

    get_object: Any

    @extend_schema(
        responses=HeldSerializer,
        filters=False,
        summary="Everything that is held about this person",
        description="For whoever may export erasure requests; that it was read, and by whom, is noted.",
    )
    @action(
        detail=True, methods=["get"], url_path="personal-data", verb=Verb.EXPORT,
        pagination_class=None, filterset_class=None,
    )  # fmt: skip
    def personal_data(self, request: Request, pk: int) -> Response:
        record, at, by = self.get_object(), timezone.now(), request.user
        guards.require(by, ErasureRequest.kind, Verb.EXPORT)
        parts = personal_data.held(record, format="json", by=by, at=at)  # type: ignore[arg-type]
        told = {"kind": record.kind, "id": record.pk, "at": at, "held": personal_data.as_json(parts)}
        return Response(HeldSerializer(told).data)
