"""Orders over HTTP, and what of them came back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.viewsets import RecordViewSet, part
from customers.sales.actions import order_returns, orders
from customers.sales.api import filters
from customers.sales.api.serializers import OrderSerializer
from customers.sales.models import Order, OrderLine, OrderReturn, OrderReturnLine, ReturnReason


class OrderReturnLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrderReturnLine
        fields = ("line", "quantity")
        read_only_fields = fields


class OrderReturnSerializer(serializers.ModelSerializer):
    lines = OrderReturnLineSerializer(many=True)

    class Meta:
        model = OrderReturn
        fields = (
            "id", "number", "returned_at", "amount", "reason", "note", "lines", "by", "recorded_at", "cancelled_at",
            "cancelled_by", "cancelled_why",
        )  # fmt: skip
        read_only_fields = fields


class BackSerializer(serializers.Serializer):
    line = serializers.PrimaryKeyRelatedField(
        queryset=OrderLine.objects.all(),  # scoped: the action takes lines of the order only
        help_text="The number (`id`) of a line of this order.",
    )
    quantity = serializers.DecimalField(12, 2)


class NotingSerializer(serializers.Serializer):
    """What came back of an order. Without an amount it is what was paid for these lines."""

    reason = serializers.PrimaryKeyRelatedField(
        queryset=ReturnReason.objects.all()  # scoped: reasons are configuration
    )
    lines = BackSerializer(many=True, required=False)
    amount = serializers.DecimalField(18, 2, min_value=0, required=False, help_text="What was paid back.")
    returned_at = serializers.DateTimeField(required=False, help_text="Now unless given.")
    note = serializers.CharField(required=False, allow_blank=True, max_length=200)
    number = serializers.CharField(required=False, max_length=40, help_text="The next one unless given.")


class ReturnCancellationSerializer(serializers.Serializer):
    order_return = serializers.IntegerField(help_text="The number (`id`) of a return of this order.")
    reason = serializers.CharField(max_length=200)


@extend_schema_view(list=extend_schema(summary="Orders, the latest first"))
class OrderViewSet(RecordViewSet):
    model = Order
    serializer_class = OrderSerializer
    filterset_class = filters.OrderFilter
    ordering = ("ordered_at", "pk")

    def read(self, rows: Any) -> Any:
        return rows.with_refunds().with_lines()

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Order:
        lines = [orders.Line(**line) for line in values.pop("lines", [])]
        return orders.create(by=by, at=at, owner=values.pop("owner", by), lines=lines, **values)

    def update_record(self, record: Order, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        lines = values.pop("lines", None)
        given = None if lines is None else [orders.Line(**line) for line in lines]
        return orders.update(record, values, by=by, at=at, lines=given, version=version)

    def delete_record(self, record: Order, *, by: Any, at: datetime) -> None:
        orders.delete(record, by=by, at=at)

    @part("returns", OrderReturnSerializer(many=True), summary="What of it came back", operation_id="orders_returns")
    def returns(self, request: Request, pk: int) -> Response:
        rows = self.get_object().returns.prefetch_related("lines").order_by("pk")
        return Response(OrderReturnSerializer(rows, many=True).data)

    @extend_schema(request=NotingSerializer, responses=OrderSerializer, summary="Note a return")
    @action(detail=True, methods=["post"], url_path="return", verb=Verb.EDIT)
    def returning(self, request: Request, pk: int) -> Response:
        def note(record: Order, *, lines: Any = (), **said: Any) -> None:
            order_returns.note(record, lines=[order_returns.Back(**line) for line in lines], **said)

        return self.carry_out(request, note, NotingSerializer)

    @extend_schema(request=ReturnCancellationSerializer, responses=OrderSerializer, summary="Cancel a return")
    @action(detail=True, methods=["post"], url_path="return-cancellation", verb=Verb.EDIT)
    def return_cancellation(self, request: Request, pk: int) -> Response:
        def cancel(record: Order, *, order_return: int, **said: Any) -> None:
            made = record.returns.select_related("order").filter(pk=order_return).first()
            if made is None:
                raise Http404
            order_returns.cancel(made, **said)

        return self.carry_out(request, cancel, ReturnCancellationSerializer)
