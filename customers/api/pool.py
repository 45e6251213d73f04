"""Customers that nobody owns, over HTTP: listing, claiming, and releasing one's own."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards
from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.serializers import RecordSerializer
from crm.api.viewsets import ReadViewSet
from customers.actions import pool
from customers.models import PooledCustomer


class PooledCustomerSerializer(RecordSerializer):
    tier = serializers.ChoiceField(choices=PooledCustomer.Tier.choices, allow_blank=True, read_only=True)

    class Meta:
        model = PooledCustomer
        fields = (
            "id", "kind", "url", "name", "team", "lifecycle", "tier", "channel", "industry", "city", "country", "rfm",
            "last_activity_at", "version", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class PoolFilter(filters.FilterSet):
    class Meta:
        model = PooledCustomer
        fields = ("team", "lifecycle", "tier", "channel")


class ClaimedSerializer(serializers.Serializer):
    customer = serializers.IntegerField(source="pk", help_text="The customer, which is the caller's now.")
    owner = serializers.IntegerField(source="owner_id")
    team = serializers.IntegerField(source="team_id", allow_null=True)


class ReleaseSerializer(serializers.Serializer):
    """Why the customer goes to the pool, and to which."""

    reason = serializers.CharField(max_length=200)
    to_company = serializers.BooleanField(default=False, help_text="To the whole company's pool, not to its team's.")


@extend_schema_view(
    list=extend_schema(summary="Customers in the pool that one may see"),
    retrieve=extend_schema(summary="A customer in the pool"),
)
class PoolViewSet(ReadViewSet):
    model = PooledCustomer
    serializer_class = PooledCustomerSerializer
    filterset_class = PoolFilter
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(
        request=None,
        responses=ClaimedSerializer,
        summary="Claim a customer",
        description="Refused with 400 and the reason where somebody was faster or a limit of the pool is reached.",
    )
    @action(detail=True, methods=["post"], url_path="claim", verb=Verb.EDIT)
    def claim(self, request: Request, pk: int) -> Response:
        record = guards.get_permitted(PooledCustomer.objects.all(), request.user, Verb.EDIT, pk=pk)

        def write() -> Response:
            by: Any = request.user
            return Response(ClaimedSerializer(pool.claim(record, by=by, at=timezone.now())).data)

        return once(request, write)
