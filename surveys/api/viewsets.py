from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from crm.api.filters import MomentFilter
from crm.api.serializers import COMMON, RecordSerializer
from crm.api.viewsets import ReadViewSet
from surveys.models import Invitation, Response, Survey


class SurveySerializer(serializers.ModelSerializer):
    class Meta:
        model = Survey
        fields = ("id", "code", "name", "type", "trigger", "is_active")
        read_only_fields = fields


class InvitationSerializer(RecordSerializer):
    reason = serializers.CharField(read_only=True, help_text="Why it was not sent; empty where it was.")

    class Meta:
        model = Invitation
        fields = (
            *COMMON, "survey", "contact", "customer", "ticket", "channel", "state", "reason", "invited_at", "sent_at",
            "expires_at", "answered_at",
        )  # fmt: skip
        read_only_fields = fields


class ResponseSerializer(RecordSerializer):
    class Meta:
        model = Response
        fields = (*COMMON, "survey", "contact", "customer", "ticket", "score", "comment", "answered_at")
        read_only_fields = fields


class ResponseFilter(django_filters.FilterSet):
    since = MomentFilter("answered_at", "gte", label="Answered at or after")
    type = django_filters.ChoiceFilter("survey__type", choices=Survey.Type.choices, label="Type of survey")

    class Meta:
        model = Response
        fields = ("owner", "team", "type")


@extend_schema_view(list=extend_schema(summary="Surveys"))
class SurveyViewSet(ReadViewSet):
    model = Survey
    serializer_class = SurveySerializer
    ordering = ("pk",)


@extend_schema_view(list=extend_schema(summary="Who was asked, the latest first"))
class InvitationViewSet(ReadViewSet):
    model = Invitation
    serializer_class = InvitationSerializer
    ordering = ("invited_at", "pk")


@extend_schema_view(list=extend_schema(summary="What was answered, the latest first"))
class ResponseViewSet(ReadViewSet):
    model = Response
    serializer_class = ResponseSerializer
    filterset_class = ResponseFilter
    ordering = ("answered_at", "pk")
