from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from crm.api.configured import ConfiguredViewSet
from service.models import TicketState


class TicketStateSerializer(serializers.ModelSerializer):
    class Meta:
        model = TicketState
        fields = ("id", "name", "category", "position", "is_default", "closes")
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="States of tickets"))
class TicketStateViewSet(ConfiguredViewSet):
    rows = TicketState.objects.all()  # scoped: configuration
    of_kind = "queue"
    serializer_class = TicketStateSerializer
