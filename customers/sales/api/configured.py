"""Reasons, price lists and the rules of leads that are configured, to read."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from crm.api.configured import ConfiguredCodeSerializer, ConfiguredViewSet
from customers.api.configured import LeavingReasonSerializer
from customers.sales.models import (
    BigSaleRule,
    DiscardReason,
    LeadQuestion,
    LeadRule,
    LeadRuleCondition,
    LeadScoreRule,
    ListPrice,
    LostReason,
    PriceList,
    ReturnReason,
    UnitCost,
)

CONDITION = ("attribute", "how", "values")


class LostReasonSerializer(LeavingReasonSerializer):
    class Meta(LeavingReasonSerializer.Meta):
        model = LostReason


class DiscardReasonSerializer(ConfiguredCodeSerializer):
    class Meta(ConfiguredCodeSerializer.Meta):
        model = DiscardReason


class ReturnReasonSerializer(LeavingReasonSerializer):
    class Meta(LeavingReasonSerializer.Meta):
        model = ReturnReason


class ListPriceSerializer(serializers.ModelSerializer):
    class Meta:
        model = ListPrice
        fields = ("product", "price", "valid_from", "valid_until")
        read_only_fields = fields


class PriceListSerializer(serializers.ModelSerializer):
    prices = ListPriceSerializer(many=True, read_only=True)

    class Meta:
        model = PriceList
        fields = ("id", "name", "currency", "valid_from", "valid_until", "prices")
        read_only_fields = fields


class UnitCostSerializer(serializers.ModelSerializer):
    class Meta:
        model = UnitCost
        fields = ("id", "product", "cost", "currency", "valid_from")
        read_only_fields = fields


class LeadQuestionSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeadQuestion
        fields = ("id", "text", "answer", "is_required", "position", "is_active")
        read_only_fields = fields


class LeadRuleConditionSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeadRuleCondition
        fields = CONDITION
        read_only_fields = fields


class LeadRuleSerializer(serializers.ModelSerializer):
    conditions = LeadRuleConditionSerializer(many=True, read_only=True)

    class Meta:
        model = LeadRule
        fields = (
            "id", "name", "position", "person", "team", "with_teams_below", "giving", "is_active", "conditions",
        )  # fmt: skip
        read_only_fields = fields


class BigSaleRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = BigSaleRule
        fields = (
            "id", "pipeline", "amount", "when_open", "when_won", "when_lost", "tells_managers", "people", "is_active",
        )  # fmt: skip
        read_only_fields = fields


class LeadScoreRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = LeadScoreRule
        fields = ("id", "name", "points", "position", "is_active", *CONDITION)
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="Why opportunities are lost"))
class LostReasonViewSet(ConfiguredViewSet):
    rows = LostReason.objects.all()  # scoped: configuration
    of_kind = "pipeline"
    serializer_class = LostReasonSerializer


@extend_schema_view(list=extend_schema(summary="Why leads are discarded"))
class DiscardReasonViewSet(ConfiguredViewSet):
    rows = DiscardReason.objects.all()  # scoped: configuration
    of_kind = "lead"
    serializer_class = DiscardReasonSerializer


@extend_schema_view(list=extend_schema(summary="Why things come back"))
class ReturnReasonViewSet(ConfiguredViewSet):
    rows = ReturnReason.objects.all()  # scoped: configuration
    of_kind = "pipeline"
    serializer_class = ReturnReasonSerializer


@extend_schema_view(list=extend_schema(summary="Price lists with their prices"))
class PriceListViewSet(ConfiguredViewSet):
    rows = PriceList.objects.prefetch_related("prices")  # scoped: configuration
    of_kind = "product"
    serializer_class = PriceListSerializer


@extend_schema_view(list=extend_schema(summary="What one piece of each product costs us, from a day on"))
class UnitCostViewSet(ConfiguredViewSet):
    rows = UnitCost.objects.all()  # scoped: nobody's own; whoever may look at costs
    of_kind = "cost"
    serializer_class = UnitCostSerializer


@extend_schema_view(list=extend_schema(summary="Qualifying questions of leads"))
class LeadQuestionViewSet(ConfiguredViewSet):
    rows = LeadQuestion.objects.all()  # scoped: configuration
    of_kind = "lead"
    serializer_class = LeadQuestionSerializer


@extend_schema_view(list=extend_schema(summary="Assignment rules for leads, in their order"))
class LeadRuleViewSet(ConfiguredViewSet):
    rows = LeadRule.objects.prefetch_related("conditions")  # scoped: configuration
    of_kind = "settings"
    serializer_class = LeadRuleSerializer


@extend_schema_view(list=extend_schema(summary="Scoring rules for leads"))
class LeadScoreRuleViewSet(ConfiguredViewSet):
    rows = LeadScoreRule.objects.all()  # scoped: configuration
    of_kind = "settings"
    serializer_class = LeadScoreRuleSerializer


@extend_schema_view(list=extend_schema(summary="Who hears of big sales, in the organisation's currency"))
class BigSaleRuleViewSet(ConfiguredViewSet):
    rows = BigSaleRule.objects.prefetch_related("people")  # scoped: configuration
    of_kind = "settings"
    serializer_class = BigSaleRuleSerializer
