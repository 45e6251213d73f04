from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm.api.custom_fields import CustomValues, FormulaValues
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer, ScopedRelatedField, WholePartSerializer
from crm.models import Team
from customers.api.serializers import NextStepShape
from customers.api.tagging import TaggedSerializer
from customers.sales.models import (
    Competitor,
    CurrencyRate,
    ForecastAdjustment,
    ForecastFigure,
    ForecastSubmission,
    LostReason,
    Opportunity,
    OpportunityLine,
    Order,
    OrderLine,
    Pipeline,
    Product,
    Quota,
    Stage,
    StageChange,
)
from customers.sales.models.forecast_period import Period
from customers.sales.models.win_reasons import probability_of


class StageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Stage
        fields = ("id", "name", "position", "outcome", "probability", "forecast_category", "rot_days")
        read_only_fields = fields


class PipelineSerializer(serializers.ModelSerializer):
    stages = StageSerializer(many=True, read_only=True)

    class Meta:
        model = Pipeline
        fields = ("id", "name", "position", "is_active", "asks_next_step", "stages")
        read_only_fields = fields


class CurrencyRateSerializer(serializers.ModelSerializer):
    class Meta:
        model = CurrencyRate
        fields = ("id", "currency", "valid_from", "rate")
        read_only_fields = fields


class ProductSerializer(RecordSerializer):
    class Meta:
        model = Product
        fields = (
            "id", "kind", "url", "version", "created_at", "updated_at", "name", "code", "series", "price", "currency",
            "is_active",
        )  # fmt: skip
        read_only_fields = READ_ONLY


class OpportunityLineSerializer(WholePartSerializer):
    """In the opportunity's currency; with months it is paid each month for so long."""

    product = ScopedRelatedField(Product)
    # The database computes them, which the framework would tell as floating numbers.
    charge = serializers.DecimalField(24, 2, read_only=True, help_text="Once, or each month.")
    total = serializers.DecimalField(24, 2, read_only=True)

    class Meta:
        model = OpportunityLine
        fields = ("product", "quantity", "unit_price", "discount", "months", "charge", "total")
        read_only_fields = ("charge", "total")


OVERRIDING = "Why what was sold is corrected although it is closed and locked; for whoever may."


class LinesSerializer(serializers.Serializer):
    """All lines: they take the place of those there are, and the amount follows them."""

    lines = OpportunityLineSerializer(many=True)
    overriding = serializers.CharField(required=False, max_length=200, help_text=OVERRIDING)


class OpportunitySerializer(NextStepShape, TaggedSerializer):
    lines = OpportunityLineSerializer(many=True, read_only=True)
    custom = CustomValues()
    formulas = FormulaValues()
    overriding = serializers.CharField(
        required=False, write_only=True, max_length=200,
        help_text=f"{OVERRIDING} On creation: why it has no next step although its pipeline asks for one.",
    )  # fmt: skip
    win_probability = serializers.SerializerMethodField(
        help_text="What history said last night; null where too few closed before it, or it moved since."
    )

    class Meta:
        model = Opportunity
        fields = (
            *COMMON, "name", "customer", "contact", "pipeline", "stage", "product", "lines", "amount",
            "monthly_value", "currency", "probability", "win_probability",
            "expected_close", "forecast_category", "close_pushes", "opened_at", "stage_since", "closed_at",
            "lost_reason", "tags", "notes", "custom", "formulas", "external_id", "overriding",
            "next_title", "next_due_at",
        )  # fmt: skip
        read_only_fields = (
            *READ_ONLY, "pipeline", "lines", "monthly_value", "close_pushes", "opened_at", "stage_since", "closed_at",
            "lost_reason",
        )  # fmt: skip
        extra_kwargs = {
            "customer": {"required": True, "allow_null": False},
            "forecast_category": {"help_text": "Empty: as its stage."},
            "stage": {"required": False, "help_text": "On creation only; afterwards see `stage/`."},
        }

    def get_win_probability(self, opportunity: Opportunity) -> float | None:
        return probability_of(opportunity)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is not None and "stage" in attrs:
            raise serializers.ValidationError({"stage": ["POST to …/stage/ to move it."]})
        return attrs


class MoveSerializer(serializers.Serializer):
    stage = serializers.PrimaryKeyRelatedField(queryset=Stage.objects.all())  # scoped: stages are configuration
    lost_reason = serializers.PrimaryKeyRelatedField(
        queryset=LostReason.objects.all(),  # scoped: reasons are configuration
        required=False,
    )
    lost_to = ScopedRelatedField(Competitor, required=False, help_text="The competitor it was lost to.")
    amount = serializers.DecimalField(18, 2, required=False, min_value=0)
    overriding = serializers.CharField(
        required=False, help_text="Why it goes on although the stage asks for more; for whoever may."
    )


class StageChangeSerializer(serializers.ModelSerializer):
    class Meta:
        model = StageChange
        fields = (
            "id", "from_stage", "to_stage", "outcome", "at", "recorded_at", "by", "owner", "team", "amount", "currency",
            "probability", "expected_close", "lost_reason",
        )  # fmt: skip
        read_only_fields = fields


class ForecastFigureSerializer(serializers.ModelSerializer):
    class Meta:
        model = ForecastFigure
        fields = ("category", "currency", "count", "amount")
        read_only_fields = fields


class ForecastAdjustmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = ForecastAdjustment
        fields = ("commit", "best_case", "note", "by", "at")
        read_only_fields = ("by", "at")


class ForecastSerializer(serializers.ModelSerializer):
    """What somebody said in a week would be won in a period, with what the pipeline held then."""

    period = serializers.CharField(source="period.code", read_only=True)
    figures = ForecastFigureSerializer(many=True, read_only=True)
    adjustments = ForecastAdjustmentSerializer(many=True, read_only=True)

    class Meta:
        model = ForecastSubmission
        fields = (
            "id", "owner", "team", "of_team", "period", "week", "submitted_at", "by", "currency", "commit",
            "best_case", "note", "figures", "adjustments",
        )  # fmt: skip
        read_only_fields = fields


class SubmissionSerializer(serializers.Serializer):
    """Commit and best case include what is won already. With a team: for it, by who answers for it."""

    period = serializers.CharField(help_text="2026-05 or 2026-Q2")
    commit = serializers.DecimalField(18, 2, min_value=0)
    best_case = serializers.DecimalField(18, 2, min_value=0)
    note = serializers.CharField(required=False, allow_blank=True)
    team = ScopedRelatedField(Team, required=False)

    def validate_period(self, value: str) -> Period:
        period = Period.named(value)
        if period is None:
            raise serializers.ValidationError("Write a month like 2026-05 or a quarter like 2026-Q2.")
        return period


class QuotaSerializer(RecordSerializer):
    """What a person (owner), or a team as a whole (for_team), is to win in a month."""

    class Meta:
        model = Quota
        fields = (*COMMON, "for_team", "month", "amount", "currency")
        read_only_fields = READ_ONLY
        extra_kwargs = {"month": {"help_text": "Any day of it; kept as its first."}}


class OrderLineSerializer(WholePartSerializer):
    class Meta:
        model = OrderLine
        fields = ("id", "product", "quantity", "unit_price", "returned")

    returned = serializers.DecimalField(
        12, 2, source="came_back", read_only=True, help_text="How much of it came back."
    )


class OrderSerializer(RecordSerializer):
    lines = OrderLineSerializer(many=True, required=False)
    refunded = serializers.DecimalField(18, 2, read_only=True, help_text="What was paid back for its returns.")
    net = serializers.DecimalField(18, 2, read_only=True, help_text="The amount without what was refunded.")

    class Meta:
        model = Order
        fields = (
            *COMMON, "number", "customer", "opportunity", "ordered_at", "amount", "refunded", "net", "currency",
            "notes", "lines",
        )  # fmt: skip
        read_only_fields = READ_ONLY
        extra_kwargs = {
            "number": {"required": False},
            "ordered_at": {"required": False},
            "amount": {"required": False, "help_text": "The sum of the lines unless given."},
        }
