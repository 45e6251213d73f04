"""Campaigns, those they are addressed to, and the cost ledger over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.filters import MomentFilter
from crm.api.idempotency import once
from crm.api.serializers import COMMON, READ_ONLY, RecordSerializer, ScopedRelatedField, validated
from crm.api.viewsets import RecordViewSet, part
from customers.lists import membership
from customers.models import Contact, Customer, Segment
from customers.sales.actions import campaigns, costs
from customers.sales.models import Campaign, CampaignMember, Cost, Lead, MemberState


class CampaignFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Campaign
        fields = ("owner", "team", "state", "channel")


class CampaignSerializer(RecordSerializer):
    state = serializers.ChoiceField(choices=Campaign.State.choices, required=False)

    class Meta:
        model = Campaign
        fields = (
            *COMMON, "name", "code", "channel", "state", "starts", "ends", "budget", "currency", "notes",
        )  # fmt: skip
        read_only_fields = READ_ONLY
        extra_kwargs = {"budget": {"min_value": 0}}


class CampaignMemberSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(choices=MemberState.choices)

    class Meta:
        model = CampaignMember
        fields = ("id", "contact", "lead", "state", "responded_on", "added_at")
        read_only_fields = fields


class NewMembersSerializer(serializers.Serializer):
    contacts = ScopedRelatedField(model=Contact, many=True, required=False)
    leads = ScopedRelatedField(model=Lead, many=True, required=False)


class MemberStateSerializer(serializers.Serializer):
    members = ScopedRelatedField(model=CampaignMember, many=True)
    state = serializers.ChoiceField(choices=MemberState.choices)
    day = serializers.DateField(required=False, help_text="Today unless given.")


class CostFilter(filters.FilterSet):
    since = MomentFilter("created_at", "gte", label="Noted at or after")

    class Meta:
        model = Cost
        fields = ("owner", "team", "month", "category", "channel", "campaign")


class CostSerializer(RecordSerializer):
    category = serializers.ChoiceField(choices=Cost.Category.choices)

    class Meta:
        model = Cost
        fields = (
            *COMMON, "external_id", "month", "category", "channel", "campaign", "amount", "currency", "note",
            "corrects",
        )  # fmt: skip
        read_only_fields = (*READ_ONLY, "corrects")
        extra_kwargs = {
            "month": {"help_text": "Any day of it."},
            "amount": {"min_value": 0},
            "corrects": {"help_text": "The entry this one takes back."},
        }


class TakingBackSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)
    amount = serializers.DecimalField(18, 2, min_value=0, required=False, help_text="What is true instead.")


class SegmentTargetSerializer(serializers.Serializer):
    segment = ScopedRelatedField(model=Segment)


@extend_schema_view(list=extend_schema(summary="Campaigns"))
class CampaignViewSet(RecordViewSet):
    model = Campaign
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Campaign:
        return campaigns.create(by=by, at=at, owner=values.pop("owner", by), **values)

    def update_record(self, record: Campaign, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        return campaigns.update(record, values, by=by, at=at, version=version)

    def delete_record(self, record: Campaign, *, by: Any, at: datetime) -> None:
        campaigns.delete(record, by=by, at=at)

    @part(
        "members",
        CampaignMemberSerializer(many=True),
        summary="Whom it is addressed to",
        operation_id="campaigns_members",
    )
    def members(self, request: Request, pk: int) -> Response:
        seen = CampaignMember.objects.visible_to(request.user).filter(campaign=self.get_object()).order_by("pk")
        return Response(CampaignMemberSerializer(seen, many=True).data)

    @extend_schema(request=NewMembersSerializer, responses=CampaignSerializer, summary="Add contacts and leads")
    @action(detail=True, methods=["post"], url_path="adding", verb=Verb.EDIT)
    def adding(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, _add, NewMembersSerializer)

    @extend_schema(
        request=SegmentTargetSerializer, responses=CampaignSerializer,
        summary="Add the main contacts of a segment's members, as far as marketing may be written to them",
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path="segment-adding", verb=Verb.EDIT)
    def segment_adding(self, request: Request, pk: int) -> Response:
        def act(campaign: Campaign, *, segment: Segment, by: Any, at: datetime) -> None:
            members = membership.members(segment, Customer.objects.visible_to(by), request)
            campaigns.add_main_contacts(members.order_by().values("pk"), campaign=campaign, by=by, at=at)

        return self.carry_out(request, act, SegmentTargetSerializer)

    @extend_schema(request=MemberStateSerializer, responses=CampaignSerializer, summary="Note how members stand")
    @action(detail=True, methods=["post"], url_path="noting", verb=Verb.EDIT)
    def noting(self, request: Request, pk: int) -> Response:
        return self.carry_out(request, _note, MemberStateSerializer)


def _add(campaign: Campaign, *, by: Any, at: datetime, contacts: Any = (), leads: Any = ()) -> None:
    campaigns.add_members([*contacts, *leads], campaign=campaign, by=by, at=at)


def _note(campaign: Campaign, *, by: Any, at: datetime, members: Any, **said: Any) -> None:
    if any(one.campaign_id != campaign.pk for one in members):
        raise serializers.ValidationError({"members": ["Not all of these are members of this campaign."]})
    campaigns.note_state(members, by=by, at=at, **said)


@extend_schema_view(list=extend_schema(summary="The cost ledger"))
class CostViewSet(RecordViewSet):
    """Entries are added, and taken back by others; none is ever changed."""

    model = Cost
    serializer_class = CostSerializer
    filterset_class = CostFilter
    http_method_names = ["get", "post", "head", "options"]

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Cost:
        return costs.note(by=by, at=at, owner=values.pop("owner", by), **values)

    @extend_schema(request=TakingBackSerializer, responses={201: CostSerializer}, summary="Take an entry back")
    @action(detail=True, methods=["post"], url_path="taking-back", verb=Verb.EDIT)
    def taking_back(self, request: Request, pk: int) -> Response:
        cost = self.permitted_record(Verb.EDIT)
        wanted = TakingBackSerializer(data=request.data)
        validated(wanted)

        def write() -> Response:
            stands = costs.take_back(cost, by=request.user, at=timezone.now(), **wanted.validated_data)
            return Response(self.get_serializer(stands).data, status=201)

        return once(request, write)
