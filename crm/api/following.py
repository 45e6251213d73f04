"""Who follows a record, and one's own reminders, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError as Refused
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import guards, together
from crm.access.permissions import Verb
from crm.actions import follows, reminders
from crm.actions.reminders import Wish
from crm.api.idempotency import once
from crm.api.operations import Own
from crm.api.serializers import validated
from crm.api.viewsets import ReadViewSet
from crm.models import Follow, Reminder


class AboutSerializer(serializers.Serializer):
    about_kind = serializers.CharField(max_length=40, help_text="Kind of the record: `customer`, `ticket`")
    about_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="Id of the record")


class WishSerializer(AboutSerializer):
    at = serializers.DateTimeField(required=False, help_text="When to be reminded")
    minutes_before = serializers.IntegerField(
        required=False, min_value=0, max_value=527_040, help_text="Instead: so long before it begins or is due"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("at" in attrs) == ("minutes_before" in attrs):
            raise serializers.ValidationError({"at": [_("Send either at or minutes_before.")]})
        return attrs

    def wish(self) -> Wish:
        values = self.validated_data
        if "at" in values:
            return Wish(when=values["at"])
        return Wish(before=timedelta(minutes=values["minutes_before"]))


class FollowSerializer(serializers.ModelSerializer):
    class Meta:
        model = Follow
        fields = ("id", "about_kind", "about_id", "user", "at")
        read_only_fields = fields


class ReminderSerializer(serializers.ModelSerializer):
    minutes_before = serializers.SerializerMethodField()

    class Meta:
        model = Reminder
        fields = ("id", "about_kind", "about_id", "at", "minutes_before", "sent_at")
        read_only_fields = fields

    def get_minutes_before(self, reminder: Reminder) -> int | None:
        return None if reminder.before is None else int(reminder.before.total_seconds() // 60)


class FollowFilter(filters.FilterSet):
    about_kind = filters.CharFilter("about_kind", label="Kind of the record")
    about_id = filters.NumberFilter("about_id", label="Id of the record")

    class Meta:
        model = Follow
        fields = ("about_kind", "about_id", "user")


class ReminderFilter(filters.FilterSet):
    waiting = filters.BooleanFilter("sent_at", "isnull", label="Still to come")

    class Meta:
        model = Reminder
        fields = ("about_kind", "about_id")


class OwnRows(ReadViewSet):
    """Rows that say something of oneself about a record: made by POST, taken back by DELETE."""

    permission_classes = [Own]
    http_method_names = ["get", "post", "delete", "head", "options"]
    ordering = ("at", "pk")

    def destroy(self, request: Request, pk: int) -> Response:
        guards.get_visible(self.model.objects.all(), request.user, pk=pk).delete()
        return Response(status=204)


@extend_schema_view(
    list=extend_schema(summary="Who follows the records one may see"),
    retrieve=extend_schema(summary="One who follows a record"),
    destroy=extend_schema(summary="Follow a record no more", description="One's own only.", responses={204: None}),
)
class FollowerViewSet(OwnRows):
    model = Follow
    serializer_class = FollowSerializer
    filterset_class = FollowFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Follow.objects.none()
        return Follow.objects.of_records(self.request.user, Verb.VIEW)  # scoped: by the records themselves

    @extend_schema(request=AboutSerializer, responses={201: FollowSerializer}, summary="Follow a record")
    def create(self, request: Request) -> Response:
        wanted = AboutSerializer(data=request.data)
        validated(wanted)
        record = together.find(request.user, wanted.validated_data["about_kind"], wanted.validated_data["about_id"])

        def write() -> Response:
            follows.follow(record, by=request.user, at=timezone.now())
            mine = Follow.objects.visible_to(request.user).about(record).get()
            return Response(self.get_serializer(mine).data, status=201)

        return once(request, write)


@extend_schema_view(
    list=extend_schema(summary="One's own reminders"),
    retrieve=extend_schema(summary="One of one's own reminders"),
    destroy=extend_schema(summary="Take a reminder back", responses={204: None}),
)
class ReminderViewSet(OwnRows):
    model = Reminder
    serializer_class = ReminderSerializer
    filterset_class = ReminderFilter

    @extend_schema(
        request=WishSerializer,
        responses={201: ReminderSerializer},
        summary="Be reminded of a task",
        description="There is one for each record: another takes its place.",
    )
    def create(self, request: Request) -> Response:
        wanted = WishSerializer(data=request.data)
        validated(wanted)
        values = wanted.validated_data
        record = together.reminded_of(request.user, values["about_kind"], values["about_id"])

        def write() -> Response:
            try:
                with transaction.atomic():
                    reminders.grant(
                        record, wanted.wish(), due=getattr(record, "begins_at", None), by=request.user,
                        at=timezone.now(),
                    )  # fmt: skip
            except Refused as refused:
                raise serializers.ValidationError({"at": refused.messages}) from None
            mine = Reminder.objects.visible_to(request.user).about(record).get()
            return Response(self.get_serializer(mine).data, status=201)

        return once(request, write)
