"""Mailings of campaigns over HTTP: written, prepared, looked at, started, stopped, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.errors import PreconditionFailed
from crm.api.filters import MomentFilter
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer
from crm.api.viewsets import RecordViewSet, part
from crm.models import MailTemplate, StaleVersion
from customers.models import Purpose
from customers.sales.actions import mailings
from customers.sales.models import Campaign, LetterState, Mailing, MailingLetter
from customers.sales.models.mailing_letter import FIGURES, Why

SHOWN = 100


class MailingFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Mailing
        fields = ("owner", "team", "campaign", "state")


class MailingSerializer(RecordSerializer):
    purpose = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Purpose.objects.active().exclude(code__in=Purpose.BUILT_IN),  # scoped: purposes are configuration
        help_text="Its code, such as marketing: says whether a consent is needed.",
    )
    templates = serializers.PrimaryKeyRelatedField(
        many=True,
        queryset=MailTemplate.objects.in_use(),  # scoped: templates are configuration
        write_only=True,
        help_text="One for each language.",
    )
    state = serializers.ChoiceField(choices=Mailing.State.choices, read_only=True)

    class Meta:
        model = Mailing
        fields = (
            *COMMON, "campaign", "name", "purpose", "templates", "state", "prepared_by", "prepared_at", "out_of_sight",
            "starts_at", "done_at", "problem",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "prepared_by", "prepared_at", "out_of_sight", "starts_at", "done_at", "problem")


class FiguresSerializer(serializers.Serializer):
    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.IntegerField() for name in FIGURES}


class LetterSerializer(serializers.ModelSerializer):
    contact = serializers.IntegerField(source="member.contact_id", allow_null=True)
    lead = serializers.IntegerField(source="member.lead_id", allow_null=True)
    state = serializers.ChoiceField(choices=LetterState.choices)
    why = serializers.ChoiceField(choices=Why.choices, allow_blank=True)

    class Meta:
        model = MailingLetter
        fields = (
            "id", "contact", "lead", "address", "language", "subject", "text", "state", "why", "left_out_late",
            "problem", "sent_at", "answered_at", "unsubscribed_at",
        )  # fmt: skip
        read_only_fields = fields


class StartSerializer(serializers.Serializer):
    starts_at = serializers.DateTimeField(required=False, help_text="Now unless given.")


@extend_schema_view(list=extend_schema(summary="Mailings of campaigns"))
class MailingViewSet(RecordViewSet):
    """`POST …/preparation/`, look at `…/letters/`, `POST …/start/` with the ETag of what was looked at."""

    model = Mailing
    serializer_class = MailingSerializer
    filterset_class = MailingFilter
    related = ("purpose",)

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Mailing:
        if not Campaign.objects.editable_by(by).filter(pk=values["campaign"].pk).exists():
            raise serializers.ValidationError({"campaign": [_("Your role does not allow changing this campaign.")]})
        values.pop("team", None)
        return mailings.create(by=by, at=at, **values)

    def update_record(self, record: Mailing, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        if values.get("campaign", record.campaign) != record.campaign:
            raise serializers.ValidationError({"campaign": [_("A mailing stays with its campaign.")]})
        templates = values.pop("templates", None)
        return mailings.update(record, values, templates=templates, by=by, at=at, version=version)

    def delete_record(self, record: Mailing, *, by: Any, at: datetime) -> None:
        mailings.delete(record, by=by, at=at)

    @extend_schema(request=None, responses=MailingSerializer, summary="Write the letters; nothing leaves by it")
    @action(detail=True, methods=["post"], url_path="preparation", verb=Verb.EDIT)
    def preparation(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, mailings.prepare)

    @extend_schema(request=StartSerializer, responses=MailingSerializer, summary="Send what was prepared")
    @action(detail=True, methods=["post"], url_path="start", verb=Verb.EDIT)
    def start(self, request: Request, pk: int) -> Response:
        def act(mailing: Mailing, **given: Any) -> None:
            try:
                mailings.start(mailing, version=mailing.version, **given)
            except StaleVersion:
                raise PreconditionFailed(_("Somebody else changed this meanwhile. Read it again.")) from None

        return self.carry_out(request, act, StartSerializer)

    @extend_schema(request=None, responses=MailingSerializer, summary="No further letter leaves")
    @action(detail=True, methods=["post"], url_path="stop", verb=Verb.EDIT)
    def stop(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, mailings.stop)

    @extend_schema(request=None, responses=MailingSerializer, summary="Go on with what had not left")
    @action(detail=True, methods=["post"], url_path="resumption", verb=Verb.EDIT)
    def resumption(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, mailings.go_on)

    @part("figures", FiguresSerializer, summary="How many letters stand how")
    def figures(self, request: Request, pk: int) -> Response:
        return Response(FiguresSerializer(self.get_object().letters.all().figures()).data)

    @part(
        "letters",
        LetterSerializer(many=True),
        parameters=[
            OpenApiParameter("figure", str, enum=list(FIGURES), description="Only those that are counted there."),
            OpenApiParameter("after", int, description="Those with a higher id; 100 at a time."),
        ],
        summary="The letters to members one may see: before it starts, the preview",
        operation_id="mailings_letters",
    )
    def letters(self, request: Request, pk: int) -> Response:
        seen = MailingLetter.objects.visible_to(request.user).filter(mailing=self.get_object())
        figure, after = request.query_params.get("figure", ""), request.query_params.get("after", "")
        if figure and figure not in FIGURES:
            raise serializers.ValidationError({"figure": [_("There is no such figure.")]})
        seen = seen.filter(FIGURES[figure]) if figure else seen
        seen = seen.filter(pk__gt=int(after)) if after.isascii() and after.isdigit() and len(after) < 18 else seen
        return Response(LetterSerializer(seen.select_related("member").order_by("pk")[:SHOWN], many=True).data)
