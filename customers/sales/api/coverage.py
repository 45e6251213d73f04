from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.permissions import GrantedByRole
from customers.sales.models import Opportunity, coverage


class CoverageLineSerializer(serializers.Serializer):
    """Of one person's open opportunities in one team, how many have a next step with a date."""

    owner = serializers.IntegerField(allow_null=True)
    team = serializers.IntegerField(allow_null=True)
    open = serializers.IntegerField()
    dated = serializers.IntegerField()
    overdue = serializers.IntegerField(help_text="Of the dated, those whose date has gone by.")
    share = serializers.FloatField(allow_null=True, help_text="dated / open; null where nothing is open.")


class CoverageViewSet(viewsets.ViewSet):
    """Of the opportunities the caller may see."""

    model = Opportunity
    permission_classes = [IsAuthenticated, GrantedByRole]

    @extend_schema(
        responses={200: CoverageLineSerializer(many=True)},
        summary="Share of open opportunities with a dated next step, by person and team",
    )
    def list(self, request: Request) -> Response:
        user: Any = request.user
        lines = coverage.lines(Opportunity.objects.visible_to(user), user, timezone.now())
        rows = [
            {
                "owner": line.owner_id, "team": line.team_id, "open": line.coverage.open, "dated": line.coverage.dated,
                "overdue": line.coverage.overdue, "share": line.coverage.share,
            }
            for line in lines
        ]  # fmt: skip
        return Response(CoverageLineSerializer(rows, many=True).data)
