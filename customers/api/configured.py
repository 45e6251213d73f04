"""Reasons, purposes, tags and rules that are configured, to read."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from crm.api.configured import ConfiguredCodeSerializer, ConfiguredViewSet
from customers.models import CadenceRule, ChurnReason, PoolRule, Purpose, SourceChannel, Tag


class LeavingReasonSerializer(serializers.ModelSerializer):
    class Meta:
        model = ChurnReason
        fields = ("id", "name", "is_active")
        read_only_fields = fields


class PurposeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Purpose
        fields = ("code", "name", "name_zh", "needs_consent", "is_active")
        read_only_fields = fields


class SourceChannelSerializer(ConfiguredCodeSerializer):
    class Meta(ConfiguredCodeSerializer.Meta):
        model = SourceChannel


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ("id", "name", "colour")
        read_only_fields = fields


class PoolRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = PoolRule
        fields = (
            "id", "team", "capacity", "claims_per_day", "reclaim_after_days", "release_after_days", "warn_days",
            "protected_days",
        )  # fmt: skip
        read_only_fields = fields


class CadenceRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = CadenceRule
        fields = (
            "id", "occasion", "title", "notes", "tier", "days", "days_ahead", "holiday", "calendar", "is_active",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="Why customers leave and contracts end"))
class LeavingReasonViewSet(ConfiguredViewSet):
    rows = ChurnReason.objects.all()  # scoped: configuration
    of_kind = "pipeline"
    serializer_class = LeavingReasonSerializer


@extend_schema_view(list=extend_schema(summary="What people are written to for"))
class PurposeViewSet(ConfiguredViewSet):
    rows = Purpose.objects.all()  # scoped: configuration
    of_kind = "contact"
    serializer_class = PurposeSerializer


@extend_schema_view(list=extend_schema(summary="By what customers, leads, campaigns and costs came"))
class SourceChannelViewSet(ConfiguredViewSet):
    rows = SourceChannel.objects.all()  # scoped: configuration
    of_kind = "customer"
    serializer_class = SourceChannelSerializer


@extend_schema_view(list=extend_schema(summary="Tags"))
class TagViewSet(ConfiguredViewSet):
    rows = Tag.objects.order_by("name")  # scoped: tags are everybody's
    of_kind = "customer"
    serializer_class = TagSerializer


@extend_schema_view(list=extend_schema(summary="Rules of the customer pool"))
class PoolRuleViewSet(ConfiguredViewSet):
    rows = PoolRule.objects.order_by("pk")  # scoped: configuration
    of_kind = "settings"
    serializer_class = PoolRuleSerializer


@extend_schema_view(list=extend_schema(summary="Contact cadence rules"))
class CadenceRuleViewSet(ConfiguredViewSet):
    rows = CadenceRule.objects.all()  # scoped: configuration
    of_kind = "settings"
    serializer_class = CadenceRuleSerializer
