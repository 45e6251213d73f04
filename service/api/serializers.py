from __future__ import annotations

from rest_framework import serializers

from crm.api.custom_fields import CustomValues, FormulaValues
from crm.api.serializers import COMMON, READ_ONLY
from customers.api.tagging import TaggedSerializer
from service.models import Message, Queue, Ticket, TicketState


class QueueSerializer(serializers.ModelSerializer):
    class Meta:
        model = Queue
        fields = ("id", "name", "team", "is_active")
        read_only_fields = fields


class TicketSerializer(TaggedSerializer):
    custom = CustomValues()
    formulas = FormulaValues()
    body = serializers.CharField(write_only=True, required=False, help_text="On creation: what the customer wrote.")

    class Meta:
        model = Ticket
        fields = (
            *COMMON, "number", "subject", "customer", "contact", "queue", "type", "source", "priority", "category",
            "state", "opened_at", "first_response_at", "resolved_at", "closed_at", "reopen_count",
            "first_response_due_at", "resolution_due_at", "tags", "custom", "formulas", "body",
        )  # fmt: skip
        read_only_fields = (
            *READ_ONLY, "owner", "team", "number", "state", "opened_at", "first_response_at", "resolved_at",
            "closed_at", "reopen_count", "first_response_due_at", "resolution_due_at",
        )  # fmt: skip
        extra_kwargs = {"queue": {"required": False, "help_text": "On creation; the default queue without it."}}


class MessageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Message
        fields = ("id", "direction", "author", "contact", "body", "at", "is_automatic")
        read_only_fields = ("id", "author", "contact", "at", "is_automatic")


class AnswerSerializer(serializers.Serializer):
    body = serializers.CharField(max_length=50_000)
    internal = serializers.BooleanField(default=False, help_text="A note that only colleagues see.")


class StateSerializer(serializers.Serializer):
    state = serializers.PrimaryKeyRelatedField(queryset=TicketState.objects.all())  # scoped: states are configuration
