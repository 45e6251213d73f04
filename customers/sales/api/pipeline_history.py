"""The pipeline as of any day, how it came from one day to another, and what became of what was opened: over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.permissions import GrantedByRole
from customers.sales.forms.waterfall import AsOfForm, CohortForm, WaterfallForm
from customers.sales.models import Opportunity, closed_amounts
from customers.sales.models.pipeline_history import standing
from customers.sales.models.stage_conversion import cohort, stage_conversion
from customers.sales.models.waterfall import Part, records_behind, waterfalls

DATE = {"type": "string", "format": "date"}
DAYS = [
    OpenApiParameter("first", DATE, description="By default the first day of this quarter."),
    OpenApiParameter("last", DATE, description="By default today. Not before `first`."),
]
WHOSE = [
    OpenApiParameter("pipeline", int, description="By default the first."),
    OpenApiParameter("owner", int, description="Who held the opportunity at the time."),
    OpenApiParameter("team", int, description="The team of that time, with those below it."),
]
WINDOW = [
    OpenApiParameter("closes_from", DATE, description="Expected to close then or later."),
    OpenApiParameter("closes_until", DATE, description="Or earlier."),
]


class MoneySerializer(serializers.Serializer):
    amount = serializers.DecimalField(max_digits=24, decimal_places=2)
    currency = serializers.CharField()


class StandingSerializer(serializers.Serializer):
    """What stood in one stage when the day ended."""

    stage = serializers.IntegerField(source="stage.pk")
    name = serializers.CharField(source="stage.name")
    count = serializers.IntegerField(source="sums.count")
    unpriced = serializers.IntegerField(source="sums.unpriced", help_text="Of those, without an amount.")
    amounts = MoneySerializer(source="sums.amounts", many=True)
    weighted = MoneySerializer(source="sums.weighted", many=True)


class BarSerializer(serializers.Serializer):
    """One part; what went out is negative."""

    part = serializers.ChoiceField(choices=Part.choices)
    amount = serializers.DecimalField(max_digits=24, decimal_places=2)
    count = serializers.IntegerField(help_text="How many more opportunities stand there because of it.")
    concerned = serializers.IntegerField(help_text="How many opportunities it was about.")


class WaterfallSerializer(serializers.Serializer):
    """Opening + parts = closing, to the cent."""

    currency = serializers.CharField()
    bars = BarSerializer(many=True)


class BehindSerializer(serializers.Serializer):
    opportunity = serializers.IntegerField(source="opportunity.pk")
    name = serializers.CharField(source="opportunity.name")
    amount = serializers.DecimalField(max_digits=24, decimal_places=2)
    count = serializers.IntegerField()


@extend_schema_serializer(many=False)
class BarRecordsSerializer(serializers.Serializer):
    """The largest of the opportunities behind a part that the caller may see."""

    total = serializers.IntegerField()
    hidden = serializers.IntegerField(help_text="Of those, what the caller may not see now.")
    rows = BehindSerializer(many=True)


class AskedBarSerializer(serializers.Serializer):
    part = serializers.ChoiceField(choices=Part.choices)
    currency = serializers.RegexField("^[A-Z]{3}$", default=lambda: settings.CURRENCY)


class StageConversionSerializer(serializers.Serializer):
    """Of those that entered a stage, how many went on; `median_seconds` counts who is still there as censored."""

    stage = serializers.IntegerField(source="stage.pk")
    name = serializers.CharField(source="stage.name")
    entered = serializers.IntegerField()
    went_on = serializers.IntegerField()
    lost = serializers.IntegerField()
    open = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    stays = serializers.IntegerField()
    unfinished = serializers.IntegerField()
    median_seconds = serializers.SerializerMethodField()

    def get_median_seconds(self, row: Any) -> float | None:
        return None if row.median is None else row.median.total_seconds()


@extend_schema_serializer(many=False)
class CohortSerializer(serializers.Serializer):
    opened = serializers.IntegerField()
    won = serializers.IntegerField()
    lost = serializers.IntegerField()
    open = serializers.IntegerField()
    stages = StageConversionSerializer(many=True)


class Asked(viewsets.ViewSet):
    """Answers only about what the caller's role reached at the time."""

    model = Opportunity
    permission_classes: ClassVar = [IsAuthenticated, GrantedByRole]
    form_class: type[WaterfallForm] = WaterfallForm
    is_money = False

    def asked(self, request: Request) -> Any:
        if self.is_money:
            closed_amounts.require(request.user)
        today = timezone.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        form = self.form_class(request.query_params, user=request.user, today=today)
        if not form.is_valid():
            raise serializers.ValidationError(form.errors)
        return form

    def selected(self, request: Request) -> tuple[Any, Any, Any]:
        form = self.asked(request)
        return form.selection(Verb.VIEW), form.cleaned_data["first"], form.cleaned_data["last"]


class PipelineAsOfViewSet(Asked):
    form_class = AsOfForm

    @extend_schema(
        parameters=[OpenApiParameter("day", DATE, description="By default today."), *WHOSE, *WINDOW],
        responses={200: StandingSerializer(many=True)},
        summary="What stood in each stage of a pipeline when a day ended",
    )
    def list(self, request: Request) -> Response:
        form = self.asked(request)
        stages = standing(form.selection(Verb.VIEW), form.cleaned_data["day"])
        return Response(StandingSerializer(stages, many=True).data)


class WaterfallViewSet(Asked):
    is_money = True

    @extend_schema(
        parameters=[*DAYS, *WHOSE, *WINDOW],
        responses={200: WaterfallSerializer(many=True)},
        summary="How the pipeline came from what it was to what it is, a waterfall for each currency",
    )
    def list(self, request: Request) -> Response:
        return Response(WaterfallSerializer(waterfalls(*self.selected(request)), many=True).data)


class WaterfallRecordsViewSet(Asked):
    is_money = True

    @extend_schema(
        parameters=[*DAYS, *WHOSE, *WINDOW, AskedBarSerializer],
        responses={200: BarRecordsSerializer},
        summary="The opportunities behind one part of a waterfall",
    )
    def list(self, request: Request) -> Response:
        bar = AskedBarSerializer(data=request.query_params)
        bar.is_valid(raise_exception=True)
        part, currency = Part(bar.validated_data["part"]), bar.validated_data["currency"]
        return Response(BarRecordsSerializer(records_behind(*self.selected(request), part, currency)).data)


class StageConversionViewSet(Asked):
    form_class = CohortForm

    @extend_schema(
        parameters=[*DAYS, *WHOSE],
        responses={200: CohortSerializer},
        summary="What became of the opportunities opened on certain days, stage by stage",
    )
    def list(self, request: Request) -> Response:
        asked = (*self.selected(request), timezone.now())
        found = cohort(*asked)
        whole = {name: getattr(found, name) for name in ("opened", "won", "lost", "open")}
        return Response(CohortSerializer({**whole, "stages": stage_conversion(*asked)}).data)
