"""Quotes over HTTP: drafts are written, everything after that is an action of its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import django_filters as filters
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards
from crm.access.permissions import Verb
from crm.api.filters import MomentFilter
from crm.api.idempotency import once
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer, ScopedRelatedField
from crm.api.viewsets import RecordViewSet, etag_of
from customers.sales.actions import quote_answers, quotes
from customers.sales.actions.quote_lines import Line
from customers.sales.models import Order, Product, Quote, QuoteLine, QuoteRules
from customers.sales.models.forecast_period import local_day
from customers.sales.models.price_list import price_of


class QuoteFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Quote
        fields = ("owner", "team", "state", "number")


class QuoteLineSerializer(serializers.ModelSerializer):
    """A product, or anything in words. With months it is paid each month for so long."""

    product = ScopedRelatedField(Product, required=False, allow_null=True)
    net = serializers.DecimalField(24, 2, read_only=True, help_text="Before tax.")
    tax = serializers.DecimalField(24, 2, read_only=True)

    class Meta:
        model = QuoteLine
        fields = ("product", "text", "quantity", "unit_price", "discount", "months", "tax_rate", "net", "tax")
        extra_kwargs = {
            "text": {"required": False, "help_text": "The product's name unless given."},
            "unit_price": {
                "required": False,
                "help_text": "The price that is valid today unless given.",
                "min_value": 0,
            },
            "quantity": {"min_value": 0},
            "discount": {"min_value": 0, "max_value": 1, "help_text": "A share: 0.1 is 10 %."},
            "tax_rate": {"min_value": 0, "max_value": 1, "help_text": "A share; as the rules for quotes unless given."},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("product") and not attrs.get("text"):
            raise serializers.ValidationError({"text": [_("Choose a product, or say what it is.")]})
        return attrs


class QuoteSerializer(RecordSerializer):
    lines = QuoteLineSerializer(many=True, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, allow_blank=True, read_only=True)

    class Meta:
        model = Quote
        fields = (
            *COMMON, "number", "revision", "title", "customer", "contact", "opportunity", "valid_until", "currency",
            "notes", "terms", "lines", "net", "tax", "total", "state", "language", "sent_at", "answered_at",
            "answered_by", "decline_reason", "replaces", "order",
        )  # fmt: skip
        read_only_fields = (
            *READ_ONLY, "number", "revision", "net", "tax", "total", "state", "sent_at", "answered_at", "answered_by",
            "decline_reason", "replaces", "order",
        )  # fmt: skip
        extra_kwargs = {"valid_until": {"required": False, "help_text": "As the rules for quotes say unless given."}}


class SendingSerializer(serializers.Serializer):
    language = serializers.ChoiceField(
        choices=settings.LANGUAGES, required=False, help_text="The contact's unless given."
    )


class SentQuoteSerializer(QuoteSerializer):
    link = serializers.SerializerMethodField(help_text="Where the customer reads and answers it: a secret.")

    class Meta(QuoteSerializer.Meta):
        fields = (*QuoteSerializer.Meta.fields, "link")

    def get_link(self, quote: Quote) -> str:
        return quotes.link_of(quote)


class QuoteAnswerSerializer(serializers.Serializer):
    answer = serializers.ChoiceField(choices=[(state.value, state.label) for state in Quote.ANSWERS])
    name = serializers.CharField(max_length=120, help_text="Who answered.")
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)


@extend_schema_view(list=extend_schema(summary="Quotes"))
class QuoteViewSet(RecordViewSet):
    model = Quote
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilter
    prefetched = ("lines",)

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Quote:
        lines = lines_from(values.pop("lines", []), values.get("currency", ""), at)
        return quotes.create(lines=lines, by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Quote, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        given = values.pop("lines", None)
        currency = values.get("currency", record.currency)
        lines = None if given is None else lines_from(given, currency, at)
        return quotes.update(record, values, by=by, at=at, lines=lines, version=version)

    def delete_record(self, record: Quote, *, by: Any, at: datetime) -> None:
        quotes.delete(record, by=by, at=at)

    @extend_schema(request=SendingSerializer, responses=SentQuoteSerializer, summary="Make the link, or read it again")
    @action(detail=True, methods=["post"], url_path="sending", verb=Verb.EDIT, serializer_class=SentQuoteSerializer)
    def sending(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, quotes.send, SendingSerializer)

    @extend_schema(request=QuoteAnswerSerializer, responses=QuoteSerializer, summary="Note the customer's answer")
    @action(detail=True, methods=["post"], url_path="answer", verb=Verb.EDIT)
    def answer(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, _answer, QuoteAnswerSerializer)

    @extend_schema(request=None, responses=QuoteSerializer, summary="Make the order, once")
    @action(detail=True, methods=["post"], url_path="order", verb=Verb.EDIT)
    def make_order(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        guards.require(request.user, Order.kind, Verb.CREATE)
        return self.carry_out(request, lambda quote, **how: quote_answers.order(record, **how))

    @extend_schema(request=None, responses={201: QuoteSerializer}, summary="Draft the version that replaces it")
    @action(detail=True, methods=["post"], url_path="version", verb=Verb.EDIT)
    def new_version(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.EDIT)
        guards.require(request.user, Quote.kind, Verb.CREATE)
        self.expected_version(record)

        def write() -> Response:
            draft = quotes.new_version(record, by=request.user, at=timezone.now())
            return Response(self.get_serializer(draft).data, status=201, headers=etag_of(draft))

        return once(request, write)


def lines_from(given: list[dict[str, Any]], currency: str, at: datetime) -> list[Line]:
    """What was sent, with the prices and the tax rate that count today where none were."""
    rate, day, lines = QuoteRules.in_force().tax_rate, local_day(at), []
    for values in given:
        price = values.get("unit_price")
        if price is None and values.get("product"):
            price = price_of(values["product"], currency, day)
        if price is None:
            raise serializers.ValidationError({"lines": [_("A line without a price: give one.")]})
        lines.append(Line(**{"quantity": Decimal(1), "tax_rate": rate, **values, "unit_price": price}))
    return lines


def _answer(quote: Quote, *, answer: str, name: str, reason: str = "", by: Any, at: datetime) -> None:
    try:
        if answer == Quote.State.ACCEPTED:
            quote_answers.accept(quote, name=name, by=by, at=at)
        else:
            quote_answers.decline(quote, name=name, reason=reason, by=by, at=at)
    except quote_answers.NotOpen:
        raise serializers.ValidationError([_("It can be answered no more.")]) from None
