from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from crm.api.viewsets import ReadViewSet
from evaluation.models import Measurement


class MeasurementSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="kpi.code", read_only=True)
    kpi_version = serializers.IntegerField(source="kpi.version", read_only=True)

    class Meta:
        model = Measurement
        fields = (
            "id", "code", "kpi_version", "scope_kind", "scope_key", "person", "team", "period_kind", "period_start",
            "period_end", "value", "numerator", "denominator", "n", "interval_low", "interval_high", "interval_level",
            "interval_method", "currency", "flags", "state", "measured_at",
        )  # fmt: skip
        read_only_fields = fields


class MeasurementFilter(django_filters.FilterSet):
    code = django_filters.CharFilter("kpi__code", label="Code of the KPI")
    since = django_filters.DateFilter("period_start", "gte", label="Periods from this day on")

    class Meta:
        model = Measurement
        fields = ("code", "scope_kind", "period_kind", "state")


@extend_schema_view(list=extend_schema(summary="Measurements, the latest period first"))
class MeasurementViewSet(ReadViewSet):
    model = Measurement
    serializer_class = MeasurementSerializer
    filterset_class = MeasurementFilter
    related = ("kpi",)
    ordering = ("measured_at", "pk")
