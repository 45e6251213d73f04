"""Addresses, tags and consent of customers and contacts for other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.viewsets import part
from customers.actions import consents, contact_points
from customers.api.tagging import TaggedSerializer, TaggedViewSet
from customers.models import Consent, ContactPoint, Purpose
from customers.models.contact_point import all_of


class PointSerializer(serializers.ModelSerializer):
    """Without an id it is only the record's own field that says it."""

    id = serializers.IntegerField(read_only=True, allow_null=True)
    network = serializers.CharField(read_only=True, help_text="Of a social handle: wechat, linkedin, whatsapp, other.")
    label = serializers.CharField(read_only=True, help_text="work, private, mobile, billing, delivery, other; or none.")

    class Meta:
        model = ContactPoint
        fields = (
            "id", "type", "network", "label", "value", "postal_code", "city", "country", "is_primary", "validity",
            "invalid_since", "opted_out_at",
        )  # fmt: skip
        read_only_fields = fields


class ReachedSerializer(TaggedSerializer):
    points = serializers.SerializerMethodField(help_text="Every email, phone, postal address and social handle.")

    @extend_schema_field(PointSerializer(many=True))
    def get_points(self, record: Any) -> Any:
        return PointSerializer(all_of(record), many=True).data


class PointShape(serializers.Serializer):
    """What is not named stays as it is, where the address is known already."""

    type = serializers.ChoiceField(choices=ContactPoint.Type.choices)
    value = serializers.CharField(max_length=254, help_text="Of a postal address: street and number.")
    network = serializers.ChoiceField(choices=ContactPoint.Network.choices, required=False)
    label = serializers.ChoiceField(choices=ContactPoint.Label.choices, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    city = serializers.CharField(max_length=100, required=False, allow_blank=True)
    country = serializers.CharField(max_length=100, required=False, allow_blank=True)
    is_primary = serializers.BooleanField(required=False)
    validity = serializers.ChoiceField(choices=ContactPoint.Validity.choices, required=False)
    opted_out = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["type"] == ContactPoint.Type.HANDLE) != bool(attrs.get("network")):
            raise serializers.ValidationError({"network": "A social handle has a network, and nothing else does."})
        return attrs


class PointRemovalShape(serializers.Serializer):
    id = serializers.IntegerField()


class ConsentSerializer(serializers.ModelSerializer):
    purpose = serializers.SlugRelatedField(slug_field="code", read_only=True)

    class Meta:
        model = Consent
        fields = ("id", "purpose", "state", "basis", "at", "source", "by", "noted_at")
        read_only_fields = fields


class ConsentShape(serializers.Serializer):
    purpose = serializers.SlugRelatedField(slug_field="code", queryset=Purpose.objects.all())  # scoped: configuration
    state = serializers.ChoiceField(choices=Consent.State.choices)
    basis = serializers.ChoiceField(choices=Consent.Basis.choices, required=False, help_text="Of a given one.")
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)
    said_at = serializers.DateTimeField(required=False, help_text="When it was said; now where it is not.")


class ReachedViewSet(TaggedViewSet):
    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else rows.prefetch_related("points")

    @extend_schema(request=PointShape, summary="Add an address or number, or change what is known of it")
    @action(detail=True, methods=["post"], url_path="points", verb=Verb.EDIT)
    def points(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, contact_points.add, PointShape)

    @extend_schema(request=PointRemovalShape, summary="Remove an address or number")
    @action(detail=True, methods=["post"], url_path="point-removal", verb=Verb.EDIT)
    def point_removal(self, request: Request, pk: int) -> Response:
        def act(record: Any, *, id: int, by: Any, at: datetime) -> None:
            point = record.points.filter(pk=id).first()
            if point is not None:
                contact_points.remove(point, by=by, at=at)

        return self.carry_out(request, act, PointRemovalShape)


class ConsentingViewSet(ReachedViewSet):
    @part("consents", ConsentSerializer(many=True), summary="What was said, the latest first")
    def consents(self, request: Request, pk: int) -> Response:
        rows = self.get_object().consents.select_related("purpose")
        return Response(ConsentSerializer(rows, many=True).data)

    @extend_schema(request=ConsentShape, summary="Note that a consent was given or withdrawn")
    @action(detail=True, methods=["post"], url_path="consent", verb=Verb.EDIT)
    def consent(self, request: Request, pk: int) -> Response:
        def act(record: Any, *, by: Any, at: datetime, **said: Any) -> None:
            state, said_at, basis = said.pop("state"), said.pop("said_at", None), said.pop("basis", None)
            if state == Consent.State.WITHDRAWN:
                consents.withdraw(record, by=by, at=at, withdrawn_at=said_at, **said)
            else:
                basis = basis or Consent.Basis.CONSENT
                consents.give(record, by=by, at=at, given_at=said_at, basis=basis, **said)

        return self.carry_out(request, act, ConsentShape)
