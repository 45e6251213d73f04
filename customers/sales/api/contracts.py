"""Contracts over HTTP: every movement is an action of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import django_filters as filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.filters import MomentFilter
from crm.api.idempotency import once
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer, validated
from crm.api.viewsets import RecordViewSet, etag_of, part
from customers.sales.actions import contract_corrections, contracts
from customers.sales.models import ChurnReason, Contract, ContractMovement

SETTLED = ("start", "end", "monthly_value", "currency")


class ContractFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    external_id = filters.CharFilter("external_id", label="Number in the old system")
    ends_before = filters.DateFilter("end", "lt", label="Last day before")

    class Meta:
        model = Contract
        fields = ("owner", "team", "external_id", "renews_automatically")


class ContractSerializer(RecordSerializer):
    class Meta:
        model = Contract
        fields = (
            *COMMON, "name", "external_id", "customer", "opportunity", "product", "start", "end", "monthly_value",
            "currency", "notice_days", "renews_automatically", "renewal_months", "cancelled_on", "churned_from",
            "churn_reason", "notes",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "cancelled_on", "churned_from", "churn_reason")
        extra_kwargs = {
            "end": {"help_text": "Last day of the term that runs; empty: until somebody ends it."},
            "monthly_value": {"min_value": 0, "help_text": "On creation only; afterwards see `value/`."},
            "churned_from": {"help_text": "The day after its last day, once it ended or is cancelled."},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None:
            moved = [name for name in SETTLED if name in attrs and attrs[name] != getattr(self.instance, name)]
            if moved:
                raise serializers.ValidationError({moved[0]: ["This changes by a movement only."]})
        return attrs


class ValueChangeSerializer(serializers.Serializer):
    value = serializers.DecimalField(18, 2, min_value=0)
    counts_from = serializers.DateField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True)


class RenewalSerializer(serializers.Serializer):
    until = serializers.DateField(required=False, help_text="Its usual number of months later unless given.")
    value = serializers.DecimalField(18, 2, min_value=0, required=False)


class ContractEndSerializer(serializers.Serializer):
    churn_reason = serializers.PrimaryKeyRelatedField(
        queryset=ChurnReason.objects.all()  # scoped: reasons are configuration
    )
    last_day = serializers.DateField(required=False, help_text="The end of its term unless given.")
    note = serializers.CharField(required=False, allow_blank=True)


class ReactivationSerializer(serializers.Serializer):
    value = serializers.DecimalField(18, 2, min_value=0, required=False)
    counts_from = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class ReplacementSerializer(serializers.Serializer):
    value = serializers.DecimalField(18, 2, min_value=0, required=False)
    counts_from = serializers.DateField(required=False)
    until = serializers.DateField(required=False, allow_null=True)


class CorrectionSerializer(serializers.Serializer):
    """Takes the last movement back; with `replacement` something else is true instead."""

    reason = serializers.CharField()
    replacement = ReplacementSerializer(required=False)


class ContractMovementSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContractMovement
        fields = (
            "id", "type", "counts_from", "agreed_on", "before", "after", "due", "until", "churn_reason", "reason",
            "automatic", "corrects", "owner", "team", "by", "recorded_at",
        )  # fmt: skip
        read_only_fields = fields


def moving(serializer: type[serializers.Serializer], summary: str) -> Callable[[Any], Any]:
    return extend_schema(request=serializer, responses=ContractSerializer, summary=summary)


@extend_schema_view(list=extend_schema(summary="Contracts"))
class ContractViewSet(RecordViewSet):
    model = Contract
    serializer_class = ContractSerializer
    filterset_class = ContractFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Contract:
        return contracts.sign(by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Contract, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return contracts.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Contract, *, by: Any, at: datetime) -> None:
        contracts.delete(record, by=by, at=at)

    @moving(ValueChangeSerializer, "Change the value per month")
    @action(detail=True, methods=["post"], url_path="value", verb=Verb.EDIT)
    def value(self, request: Request, pk: int) -> Response:
        return self._move(request, ValueChangeSerializer, contracts.change_value)

    @moving(RenewalSerializer, "Renew")
    @action(detail=True, methods=["post"], url_path="renewal", verb=Verb.EDIT)
    def renewal(self, request: Request, pk: int) -> Response:
        return self._move(request, RenewalSerializer, contracts.renew)

    @moving(ContractEndSerializer, "Note its end")
    @action(detail=True, methods=["post"], url_path="end", verb=Verb.EDIT)
    def end(self, request: Request, pk: int) -> Response:
        return self._move(request, ContractEndSerializer, contracts.end)

    @moving(ReactivationSerializer, "Reactivate")
    @action(detail=True, methods=["post"], url_path="reactivation", verb=Verb.EDIT)
    def reactivation(self, request: Request, pk: int) -> Response:
        return self._move(request, ReactivationSerializer, contracts.reactivate)

    @moving(CorrectionSerializer, "Correct the last movement")
    @action(detail=True, methods=["post"], url_path="correction", verb=Verb.EDIT)
    def correction(self, request: Request, pk: int) -> Response:
        return self._move(request, CorrectionSerializer, contract_corrections.correct)

    @part(
        "movements", ContractMovementSerializer(many=True), summary="How it moved", operation_id="contracts_movements"
    )
    def movements(self, request: Request, pk: int) -> Response:
        rows = self.get_object().movements.order_by("pk")
        return Response(ContractMovementSerializer(rows, many=True).data)

    def _move(self, request: Request, serializer: type[serializers.Serializer], act: Callable[..., Any]) -> Response:
        record = self.permitted_record(Verb.EDIT)
        version = self.expected_version(record)
        wanted = serializer(data=request.data)
        validated(wanted)

        def write() -> Response:
            moved = act(record, by=request.user, at=timezone.now(), version=version, **wanted.validated_data)
            return Response(self.get_serializer(moved).data, headers=etag_of(moved))

        return once(request, write)
