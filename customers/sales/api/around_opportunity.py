"""People, competitors and credit of an opportunity, and the list of competitors, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.filters import MomentFilter
from crm.api.serializers import READ_ONLY, RecordSerializer, ScopedRelatedField
from crm.api.viewsets import RecordViewSet, part
from crm.models import User
from customers.models import Contact
from customers.sales.actions import buying_roles, competitors
from customers.sales.actions import credit as dividing
from customers.sales.models import (
    Attitude,
    BuyingRole,
    Competitor,
    CompetitorState,
    CreditShare,
    CreditSplit,
    Opportunity,
    OpportunityCompetitor,
    OpportunityContact,
)


class CompetitorFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Competitor
        fields = ("is_active",)


class CompetitorSerializer(RecordSerializer):
    class Meta:
        model = Competitor
        fields = (
            "id", "kind", "url", "version", "created_at", "updated_at", "name", "website", "notes", "is_active",
        )  # fmt: skip
        read_only_fields = READ_ONLY


class PersonSerializer(serializers.ModelSerializer):
    is_main = serializers.SerializerMethodField()

    class Meta:
        model = OpportunityContact
        fields = ("contact", "role", "attitude", "is_main")
        read_only_fields = fields

    def get_is_main(self, row: OpportunityContact) -> bool:
        return row.contact_id == row.opportunity.contact_id


class NotedPersonSerializer(serializers.Serializer):
    contact = ScopedRelatedField(Contact)
    role = serializers.ChoiceField(choices=BuyingRole.choices)
    attitude = serializers.ChoiceField(
        choices=Attitude.choices, required=False, help_text="As it was; neutral at first."
    )
    is_main = serializers.BooleanField(required=False, help_text="Of the customer's people.")


class OnePersonSerializer(serializers.Serializer):
    contact = ScopedRelatedField(Contact)


class MetSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(choices=CompetitorState.choices, source="stands", read_only=True)

    class Meta:
        model = OpportunityCompetitor
        fields = ("competitor", "state", "note")
        read_only_fields = fields


class NotedCompetitorSerializer(serializers.Serializer):
    competitor = ScopedRelatedField(Competitor)
    state = serializers.ChoiceField(choices=CompetitorState.choices, required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class OneCompetitorSerializer(serializers.Serializer):
    competitor = ScopedRelatedField(Competitor)


class CreditShareSerializer(serializers.ModelSerializer):
    class Meta:
        model = CreditShare
        fields = ("person", "team", "share")
        read_only_fields = fields


class CreditSplitSerializer(serializers.ModelSerializer):
    """The one recorded last counts for the days it is about; without shares it says the owner again."""

    shares = CreditShareSerializer(many=True, read_only=True)

    class Meta:
        model = CreditSplit
        fields = ("id", "kind", "valid_from", "valid_until", "reason", "by", "recorded_at", "shares")
        read_only_fields = fields


class GivenShareSerializer(serializers.Serializer):
    person = ScopedRelatedField(User)
    share = serializers.DecimalField(5, 4, min_value=0, max_value=1, help_text="A fraction: 0.6 is 60 %.")


class DivisionSerializer(serializers.Serializer):
    """All shares of one kind from a day on. Revenue adds up to 1; without any it is the owner's again."""

    kind = serializers.ChoiceField(choices=CreditSplit.Kind.choices)
    shares = GivenShareSerializer(many=True)
    valid_from = serializers.DateField(required=False, help_text="Today, or the day it was closed on, unless given.")
    valid_until = serializers.DateField(required=False, allow_null=True)
    reason = serializers.CharField(max_length=200, required=False, help_text="Needed once it is closed.")


@extend_schema_view(list=extend_schema(summary="Competitors"))
class CompetitorViewSet(RecordViewSet):
    model = Competitor
    serializer_class = CompetitorSerializer
    filterset_class = CompetitorFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Competitor:
        return competitors.create(by=by, at=at, **values)

    def update_record(self, record: Competitor, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return competitors.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Competitor, *, by: Any, at: datetime) -> None:
        competitors.delete(record, by=by, at=at)


class AroundOpportunity:
    """What the viewset of opportunities can besides."""

    get_object: Any
    carry_out: Any
    permitted_record: Any

    @part("people", PersonSerializer(many=True), summary="Who decides", operation_id="opportunities_people")
    def people(self, request: Request, pk: int) -> Response:
        seen = OpportunityContact.objects.visible_to(request.user).filter(opportunity=self.get_object())
        return Response(PersonSerializer(seen.select_related("opportunity").order_by("pk"), many=True).data)

    @extend_schema(request=NotedPersonSerializer, summary="Note who decides, and as what")
    @action(detail=True, methods=["post"], url_path="people/noting", verb=Verb.EDIT)
    def person_noting(self, request: Request, pk: int) -> Response:
        def act(record: Opportunity, *, contact: Contact, **said: Any) -> None:
            buying_roles.note(record, contact, **said)

        return self.carry_out(request, act, NotedPersonSerializer)

    @extend_schema(request=OnePersonSerializer, summary="Take somebody out")
    @action(detail=True, methods=["post"], url_path="people/removal", verb=Verb.EDIT)
    def person_removal(self, request: Request, pk: int) -> Response:
        def act(record: Opportunity, *, contact: Contact, by: Any, at: datetime) -> None:
            buying_roles.remove(record, contact, by=by, at=at)

        return self.carry_out(request, act, OnePersonSerializer)

    @part("competitors", MetSerializer(many=True), summary="Who else offers", operation_id="opportunities_competitors")
    def met(self, request: Request, pk: int) -> Response:
        seen = OpportunityCompetitor.objects.visible_to(request.user).filter(opportunity=self.get_object())
        return Response(MetSerializer(seen.select_related("opportunity__stage").order_by("pk"), many=True).data)

    @extend_schema(request=NotedCompetitorSerializer, summary="Note who else offers, and how they stand")
    @action(detail=True, methods=["post"], url_path="competitors/noting", verb=Verb.EDIT)
    def competitor_noting(self, request: Request, pk: int) -> Response:
        def act(record: Opportunity, *, competitor: Competitor, **said: Any) -> None:
            competitors.note(record, competitor, **said)

        return self.carry_out(request, act, NotedCompetitorSerializer)

    @extend_schema(request=OneCompetitorSerializer, summary="Take a competitor out")
    @action(detail=True, methods=["post"], url_path="competitors/removal", verb=Verb.EDIT)
    def competitor_removal(self, request: Request, pk: int) -> Response:
        def act(record: Opportunity, *, competitor: Competitor, by: Any, at: datetime) -> None:
            competitors.remove(record, competitor, by=by, at=at)

        return self.carry_out(request, act, OneCompetitorSerializer)

    @part(
        "credit",
        CreditSplitSerializer(many=True),
        summary="Every split of its credit, latest first",
        operation_id="opportunities_credit",
    )
    def credit(self, request: Request, pk: int) -> Response:
        splits = self.get_object().credit_splits.prefetch_related("shares").latest_first()
        return Response(CreditSplitSerializer(splits, many=True).data)

    @extend_schema(request=DivisionSerializer, summary="Divide its credit from a day on")
    @action(detail=True, methods=["post"], url_path="credit/division", verb=Verb.ASSIGN)
    def division(self, request: Request, pk: int) -> Response:
        self.permitted_record(Verb.ASSIGN)

        def act(record: Opportunity, *, shares: list[dict[str, Any]], **said: Any) -> None:
            dividing.divide(record, shares=[dividing.Share(**one) for one in shares], **said)

        return self.carry_out(request, act, DivisionSerializer)
