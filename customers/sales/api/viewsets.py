from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.viewsets import ReadViewSet, RecordViewSet, etag_of
from customers.sales.actions import lead_conversion, leads, opportunities, orders, products
from customers.sales.api import filters, serializers
from customers.sales.models import Lead, Opportunity, Order, Pipeline, Product


@extend_schema_view(list=extend_schema(summary="Pipelines with their stages"))
class PipelineViewSet(ReadViewSet):
    model = Pipeline
    serializer_class = serializers.PipelineSerializer
    prefetched = ("stages",)
    ordering = ("pk",)


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


@extend_schema_view(list=extend_schema(summary="Leads"))
class LeadViewSet(RecordViewSet):
    model = Lead
    serializer_class = serializers.LeadSerializer
    filterset_class = filters.LeadFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Lead:
        return leads.create(by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Lead, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return leads.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Lead, *, by: Any, at: datetime) -> None:
        leads.delete(record, by=by, at=at)

    @extend_schema(request=serializers.ConversionSerializer, responses=serializers.LeadSerializer, summary="Convert")
    @action(detail=True, methods=["post"], url_path="conversion", verb=Verb.EDIT)
    def conversion(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)
        wanted = serializers.ConversionSerializer(data=request.data, context=self.get_serializer_context())
        wanted.is_valid(raise_exception=True)

        def write() -> Response:
            by: Any = request.user
            converted = lead_conversion.convert(record, by=by, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(converted).data, headers=etag_of(converted))

        return once(request, write)

    @extend_schema(request=None, responses=serializers.LeadSerializer, summary="Undo the conversion")
    @action(detail=True, methods=["post"], url_path="conversion/undoing", verb=Verb.EDIT)
    def conversion_undoing(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)

        def write() -> Response:
            by: Any = request.user
            lead_conversion.undo_conversion(record, by=by, at=timezone.now())
            record.refresh_from_db()
            return Response(self.get_serializer(record).data, headers=etag_of(record))

        return once(request, write)

    @extend_schema(request=serializers.DiscardSerializer, responses=serializers.LeadSerializer, summary="Discard")
    @action(detail=True, methods=["post"], url_path="discarding", verb=Verb.EDIT)
    def discarding(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)
        wanted = serializers.DiscardSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def write() -> Response:
            discarded = leads.discard(record, by=request.user, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(discarded).data, headers=etag_of(discarded))

        return once(request, write)


@extend_schema_view(list=extend_schema(summary="Opportunities"))
class OpportunityViewSet(RecordViewSet):
    model = Opportunity
    serializer_class = serializers.OpportunitySerializer
    filterset_class = filters.OpportunityFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Opportunity:
        return opportunities.open(by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Opportunity, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return opportunities.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Opportunity, *, by: Any, at: datetime) -> None:
        opportunities.delete(record, by=by, at=at)

    @extend_schema(
        request=serializers.MoveSerializer, responses=serializers.OpportunitySerializer, summary="Move to a stage"
    )
    @action(detail=True, methods=["post"], url_path="stage", verb=Verb.EDIT)
    def stage(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        self.expected_version(record)
        wanted = serializers.MoveSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def write() -> Response:
            moved = opportunities.move(record, by=request.user, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(moved).data, headers=etag_of(moved))

        return once(request, write)

    @extend_schema(
        responses=serializers.StageChangeSerializer(many=True),
        filters=False,
        summary="Where it has been",
        operation_id="opportunities_history",
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="stage-changes",
        verb=Verb.VIEW,
        pagination_class=None,
        filterset_class=None,
    )
    def history(self, request: Request, pk: int) -> Response:
        changes = self.get_object().stage_changes.order_by("at", "pk")
        return Response(serializers.StageChangeSerializer(changes, many=True).data)


@extend_schema_view(list=extend_schema(summary="Orders, the latest first"))
class OrderViewSet(RecordViewSet):
    model = Order
    serializer_class = serializers.OrderSerializer
    filterset_class = filters.OrderFilter
    prefetched = ("lines",)
    ordering = ("ordered_at", "pk")

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Order:
        lines = [orders.Line(**line) for line in values.pop("lines", [])]
        return orders.create(by=by, at=at, owner=values.pop("owner", by), lines=lines, **values)

    def update_record(self, record: Order, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        lines = values.pop("lines", None)
        given = None if lines is None else [orders.Line(**line) for line in lines]
        return orders.update(record, values, by=by, at=at, lines=given, version=version)

    def delete_record(self, record: Order, *, by: Any, at: datetime) -> None:
        orders.delete(record, by=by, at=at)
