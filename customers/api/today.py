from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import kinds
from crm.api.permissions import GrantedByRole
from customers.models import Task
from customers.models import today as todays
from customers.models.today import Asking, Item


class TodayRowSerializer(serializers.Serializer):
    """What to do, and why."""

    kind = serializers.CharField(help_text="Of the record it is about: task, opportunity, ticket, customer.")
    id = serializers.IntegerField()
    title = serializers.CharField()
    url = serializers.CharField(help_text="The record's page in the browser.")
    customer = serializers.IntegerField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Sentences, in the caller's language.")
    due_at = serializers.DateTimeField(allow_null=True)
    points = serializers.IntegerField(help_text="How pressing: what the rows are ordered by.")


@extend_schema_serializer(many=False)
class TodaySerializer(serializers.Serializer):
    are_more = serializers.BooleanField(help_text="Whether less pressing rows were left out.")
    results = TodayRowSerializer(many=True)


class TodayViewSet(viewsets.ViewSet):
    """The same list as the page."""

    model = Task
    permission_classes = [IsAuthenticated, GrantedByRole]

    @extend_schema(responses={200: TodaySerializer}, summary="What to do next and why, the most pressing first")
    def list(self, request: Request) -> Response:
        now = timezone.now()
        items, are_more = todays.gather(Asking(request.user, now))
        rows = [self.row(request, item, now) for item in items]
        return Response(TodaySerializer({"are_more": are_more, "results": rows}).data)

    def row(self, request: Request, item: Item, now: Any) -> dict[str, Any]:
        return {
            "kind": item.kind,
            "id": item.pk,
            "title": item.title,
            "url": request.build_absolute_uri(kinds.get(item.kind).url_for(item.pk)),
            "customer": item.customer.pk if item.customer else None,
            "reasons": item.reasons,
            "due_at": item.due_at,
            "points": todays.points(item, now),
        }
