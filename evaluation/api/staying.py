"""How long customers stay, and why they leave: the same figures as the pages, for the scopes one may see."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.permissions import GrantedByRole
from evaluation import kpis
from evaluation.engine import asking, churn_reasons, scopes, statements, staying
from evaluation.engine.staying import Cohort, Step
from evaluation.formulas import periods
from evaluation.models import Measurement

SCOPE = [
    OpenApiParameter("scope", str, description="`company`, `team:ID`, `person:ID`; by default the widest one may see."),
    OpenApiParameter("segment", int, description="Of the members of a segment only, as of now."),
]


class StayingStepSerializer(serializers.Serializer):
    """After so many months; null where nobody has been followed so long, or there are fewer than ten."""

    months = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    at_risk = serializers.IntegerField(help_text="How many have been followed so long.")


class StayingMonthSerializer(serializers.Serializer):
    period = serializers.CharField(source="period.label")
    n = serializers.IntegerField()
    lost = serializers.IntegerField()
    median_months = serializers.SerializerMethodField()
    steps = serializers.SerializerMethodField()

    def get_median_months(self, cohort: Cohort) -> float | None:
        return None if cohort.is_tiny else cohort.median

    @extend_schema_field(StayingStepSerializer(many=True))
    def get_steps(self, cohort: Cohort) -> Any:
        hidden = [Step(one.months, None, None, None, one.at_risk) for one in cohort.steps]
        return StayingStepSerializer(hidden if cohort.is_tiny else cohort.steps, many=True).data


@extend_schema_serializer(many=False)
class StayingSerializer(StayingMonthSerializer):
    """Kaplan-Meier with the log-log interval at 95 %, and each month of the period by itself."""

    cohorts = StayingMonthSerializer(many=True)


class ChurnReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(source="name", allow_null=True)
    customers = serializers.IntegerField()
    monthly_value = serializers.DecimalField(
        source="monthly", max_digits=24, decimal_places=2, help_text="In the organisation's currency."
    )
    share = serializers.FloatField()
    cumulative = serializers.FloatField(help_text="Together with the more frequent ones.")


class Asked(viewsets.ViewSet):
    model = Measurement
    permission_classes: ClassVar = [IsAuthenticated, GrantedByRole]

    def asked(self, request: Request, code: str, default: str) -> Any:
        kpi, now = kpis.get(code), timezone.now()
        user: Any = request.user
        said = {name: request.query_params.get(name, "") for name in ("scope", "segment", "period")}
        scope = asking.scope_of(user, said["scope"])
        segment = asking.segment_of(user, said["segment"]) if said["segment"] else None
        if scope is None or (said["segment"] and segment is None):
            raise Http404
        if segment is not None:
            scope = asking.narrowed(user, kpi, scope, segment)
        today = now.astimezone(statements.zone()).date()
        try:
            period = periods.parse(said["period"]) if said["period"] else periods.containing(default, today)
            scopes.check(kpi, scope.kind)
        except (periods.PeriodError, scopes.ScopeError) as error:
            raise serializers.ValidationError({"period": [str(error)]}) from None
        return kpi, scope, period, now


class RetentionCurveViewSet(Asked):
    @extend_schema(
        parameters=[*SCOPE, OpenApiParameter("period", str, description="`2025`, `2025-Q2`; by default this year.")],
        responses={200: StayingSerializer},
        summary="How long customers stay whose first contract began in a period",
    )
    def list(self, request: Request) -> Response:
        _kpi, scope, period, now = self.asked(request, "churn_rate", periods.YEAR)
        whole, months = staying.staying(scope, period, now=now)
        return Response(
            {**StayingMonthSerializer(whole).data, "cohorts": StayingMonthSerializer(months, many=True).data}
        )


class ChurnReasonViewSet(Asked):
    @extend_schema(
        parameters=[
            *SCOPE,
            OpenApiParameter("period", str, description="`2025`, `2025-Q2`; by default this quarter."),
            OpenApiParameter("code", str, enum=list(churn_reasons.CODES), description="By default `churn_rate`."),
        ],
        responses={200: ChurnReasonSerializer(many=True)},
        summary="Why customers left, the most frequent reason first",
    )
    def list(self, request: Request) -> Response:
        code = request.query_params.get("code", "churn_rate")
        if code not in churn_reasons.CODES:
            raise Http404
        kpi, scope, period, now = self.asked(request, code, periods.QUARTER)
        return Response(ChurnReasonSerializer(churn_reasons.reasons(kpi, scope, period, now=now), many=True).data)
