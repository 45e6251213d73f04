from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards
from crm.access.permissions import Verb
from crm.api.sharing import Shareable
from crm.api.viewsets import ReadViewSet, RecordViewSet, part
from customers.api.serializers import next_step_of
from customers.api.tagging import TaggedViewSet
from customers.sales.actions import (
    competitors,
    opportunities,
    opportunity_lines,
    products,
)
from customers.sales.api import filters, serializers
from customers.sales.api.around_opportunity import AroundOpportunity
from customers.sales.api.win_probability import WinProbabilitySerializer, of_opportunity
from customers.sales.models import CurrencyRate, Opportunity, Pipeline, Product


@extend_schema_view(list=extend_schema(summary="Pipelines with their stages"))
class PipelineViewSet(ReadViewSet):
    model = Pipeline
    serializer_class = serializers.PipelineSerializer
    prefetched = ("stages",)
    ordering = ("pk",)


@extend_schema_view(list=extend_schema(summary="Rates to the organisation's currency, by day"))
class CurrencyRateViewSet(ReadViewSet):
    model = CurrencyRate
    serializer_class = serializers.CurrencyRateSerializer
    filterset_class = filters.CurrencyRateFilter
    ordering = ("valid_from", "pk")


@extend_schema_view(list=extend_schema(summary="Products"))
class ProductViewSet(RecordViewSet):
    model = Product
    serializer_class = serializers.ProductSerializer
    filterset_class = filters.ProductFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Product:
        return products.create(by=by, at=at, **values)

    def update_record(self, record: Product, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return products.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Product, *, by: Any, at: datetime) -> None:
        products.delete(record, by=by, at=at)


@extend_schema_view(list=extend_schema(summary="Opportunities"))
class OpportunityViewSet(Shareable, AroundOpportunity, TaggedViewSet):
    model = Opportunity
    serializer_class = serializers.OpportunitySerializer
    filterset_class = filters.OpportunityFilter
    related = ("win_chance",)
    prefetched = ("lines",)

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Opportunity:
        comes_next = next_step_of(values)
        return opportunities.open(by=by, at=at, owner=values.pop("owner", by), **comes_next, **values)

    def update_record(self, record: Opportunity, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        overriding = next_step_of(values)["overriding"]  # a next step is noted as a task
        return opportunities.update(record, values, by=by, at=at, version=version, overriding=overriding)

    def delete_record(self, record: Opportunity, *, by: Any, at: datetime) -> None:
        opportunities.delete(record, by=by, at=at)

    @extend_schema(
        request=serializers.MoveSerializer, responses=serializers.OpportunitySerializer, summary="Move to a stage"
    )
    @action(detail=True, methods=["post"], url_path="stage", verb=Verb.EDIT)
    def stage(self, request: Request, pk: int) -> Response:
        if isinstance(request.data, dict) and request.data.get("overriding"):
            guards.require(request.user, "criteria_override", Verb.EDIT)
        return self.carry_out(request, competitors.move, serializers.MoveSerializer)

    @extend_schema(
        request=serializers.LinesSerializer, responses=serializers.OpportunitySerializer, summary="Replace the lines"
    )
    @action(detail=True, methods=["post"], url_path="lines", verb=Verb.EDIT)
    def lines(self, request: Request, pk: int) -> Response:
        def replace(record: Opportunity, *, lines: list[dict[str, Any]], **how: Any) -> None:
            opportunity_lines.replace(record, [opportunity_lines.Line(**line) for line in lines], **how)

        return self.carry_out(request, replace, serializers.LinesSerializer)

    @part(
        "win-probability",
        WinProbabilitySerializer,
        summary="What history says of it, and why",
        operation_id="opportunities_win_probability",
    )
    def win_probability(self, request: Request, pk: int) -> Response:
        return Response(of_opportunity(self.get_object(), request.user))

    @part(
        "stage-changes",
        serializers.StageChangeSerializer(many=True),
        summary="Where it has been",
        operation_id="opportunities_history",
    )
    def history(self, request: Request, pk: int) -> Response:
        changes = self.get_object().stage_changes.order_by("at", "pk")
        return Response(serializers.StageChangeSerializer(changes, many=True).data)
