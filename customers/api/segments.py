"""Segments over HTTP. Their members: GET /api/v1/customers/?segment={id}."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer, ScopedRelatedField
from crm.api.viewsets import RecordViewSet
from crm.joining import labelled, listed
from customers.actions import segments
from customers.lists import membership
from customers.models import Customer, Segment


@extend_schema_field({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
class QuestionField(serializers.JSONField):
    """The filters of the customer list: {"lifecycle": ["active"], "tier": ["A", "B"]}."""


class SegmentSerializer(RecordSerializer):
    question = QuestionField(required=False)

    class Meta:
        model = Segment
        fields = (*COMMON, "name", "how", "description", "question")
        read_only_fields = READ_ONLY

    def validate_question(self, value: Any) -> dict[str, list[str]]:
        """Only what the customer list can be asked, with values it knows."""
        if not isinstance(value, dict):
            raise serializers.ValidationError(_("A question is a list of values for each filter."))
        question = membership.question_of(membership.as_params(value))
        if unknown := set(value) - set(question):
            raise serializers.ValidationError(
                _("These are no filters: %(names)s.") % {"names": listed(sorted(unknown))}
            )
        asked = membership.asking(question, Customer.objects.none(), self.context["request"])
        if not asked.form.is_valid():
            wrong = [labelled(name, message) for name, found in asked.form.errors.items() for message in found]
            raise serializers.ValidationError(wrong)
        if not isinstance(self.instance, Segment):
            return question
        return membership.unasked(self.instance, self.context["request"].user) | question

    def to_representation(self, instance: Segment) -> Any:
        """Without what it asks of fields that are hidden from the caller; who belongs to it is then nobody."""
        shown = super().to_representation(instance)
        hidden = membership.unasked(instance, self.context["request"].user)
        return shown | {"question": {name: asked for name, asked in shown["question"].items() if name not in hidden}}


class MembersSerializer(serializers.Serializer):
    customers = ScopedRelatedField(model=Customer, many=True)


class ChangedSerializer(serializers.Serializer):
    changed = serializers.IntegerField(help_text="How many were not in, or were in, before.")


class SegmentFilter(filters.FilterSet):
    class Meta:
        model = Segment
        fields = ("owner", "team", "how")


@extend_schema_view(list=extend_schema(summary="Segments of customers"))
class SegmentViewSet(RecordViewSet):
    model = Segment
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Segment:
        return segments.create(by=by, at=at, **values)

    def update_record(self, record: Segment, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return segments.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Segment, *, by: Any, at: datetime) -> None:
        segments.delete(record, by=by, at=at)

    @extend_schema(request=MembersSerializer, responses=ChangedSerializer, summary="Choose customers for a segment")
    @action(detail=True, methods=["post"], url_path="addition", verb=Verb.EDIT)
    def addition(self, request: Request, pk: int) -> Response:
        return self._change(request, segments.add)

    @extend_schema(request=MembersSerializer, responses=ChangedSerializer, summary="Take customers out of a segment")
    @action(detail=True, methods=["post"], url_path="removal", verb=Verb.EDIT)
    def removal(self, request: Request, pk: int) -> Response:
        return self._change(request, segments.remove)

    def _change(self, request: Request, change: Any) -> Response:
        segment = self.permitted_record(Verb.EDIT)
        said = self._validated(request, MembersSerializer)

        def write() -> Response:
            try:
                changed = change(said["customers"], segment=segment, by=request.user, at=timezone.now())
            except ValidationError as error:
                raise serializers.ValidationError(error.messages) from error
            return Response({"changed": changed})

        return once(request, write)
