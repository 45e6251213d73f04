from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards
from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.serializers import validated
from crm.api.viewsets import ReadViewSet
from customers.sales.actions import forecasts
from customers.sales.api import filters, serializers
from customers.sales.models import ForecastSubmission
from customers.sales.models.forecast_figures import teams_within_reach


@extend_schema_view(list=extend_schema(summary="Forecasts that were submitted, the latest last"))
class ForecastViewSet(ReadViewSet):
    model = ForecastSubmission
    serializer_class = serializers.ForecastSerializer
    filterset_class = filters.ForecastFilter
    prefetched = ("figures", "adjustments")
    ordering = ("submitted_at", "pk")
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(
        request=serializers.SubmissionSerializer,
        responses={201: serializers.ForecastSerializer},
        summary="Submit one's own forecast, or a team's",
    )
    def create(self, request: Request) -> Response:
        user: Any = request.user
        wanted = serializers.SubmissionSerializer(data=request.data, context=self.get_serializer_context())
        validated(wanted)
        team = wanted.validated_data.get("team")
        if team is not None and team not in teams_within_reach(user, Verb.CREATE):
            raise PermissionDenied(_("You do not answer for this team."))

        def write() -> Response:
            submission = forecasts.submit(by=user, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(submission).data, status=201)

        return once(request, write)

    @extend_schema(
        request=serializers.ForecastAdjustmentSerializer,
        responses={201: serializers.ForecastSerializer},
        summary="Adjust somebody's forecast",
    )
    @action(detail=True, methods=["post"], url_path="adjustment", verb=Verb.EDIT)
    def adjustment(self, request: Request, pk: int) -> Response:
        submission = guards.get_permitted(ForecastSubmission.objects.all(), request.user, Verb.EDIT, pk=pk)
        wanted = serializers.ForecastAdjustmentSerializer(data=request.data)
        validated(wanted)

        def write() -> Response:
            by: Any = request.user
            forecasts.adjust(submission, by=by, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(submission).data, status=201)

        return once(request, write)
