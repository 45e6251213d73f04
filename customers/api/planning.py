"""Tasks on the calendar, putting one off, and how it comes again, for other programs."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.idempotency import once
from crm.api.permissions import GrantedByRole
from crm.api.serializers import ScopedRelatedField
from crm.api.viewsets import RecordViewSet, etag_of
from crm.models import User
from customers.actions import repetition, snoozes
from customers.api.serializers import TaskSerializer
from customers.models import Task, recurrence
from customers.models.agenda import MOST, planned_between

LONGEST = timedelta(days=62)


class RuleSerializer(serializers.Serializer):
    rule = serializers.CharField(
        max_length=200, allow_null=True, help_text="`FREQ=WEEKLY;INTERVAL=1;BYDAY=MO`; null: it comes no more."
    )

    def validate_rule(self, value: str | None) -> str | None:
        try:
            return value if value is None or recurrence.parse(value) else None
        except recurrence.Unusable:
            raise serializers.ValidationError(_("This is not a rule that can be repeated.")) from None


class SnoozeSerializer(serializers.Serializer):
    until = serializers.DateField(allow_null=True, help_text="The day it is back on Today; null: at once.")


class PlannedViewSet(RecordViewSet):
    """What can be done with the time of a task."""

    @extend_schema(
        request=RuleSerializer, responses=TaskSerializer, summary="Say how a task comes again, or that it does no more"
    )
    @action(detail=True, methods=["post"], url_path="repetition", verb=Verb.EDIT)
    def repetition(self, request: Request, pk: int) -> Response:
        def repeat(record: Task, *, rule: str | None, by: Any, at: datetime) -> None:
            if rule is None:
                repetition.stop(record, by=by, at=at)
            else:
                repetition.repeat(record, rule=rule, by=by, at=at)

        return self.carry_out(request, repeat, RuleSerializer)

    @extend_schema(
        request=SnoozeSerializer, responses=TaskSerializer,
        summary="Put a task off one's own Today", description="Nothing else changes; what is due stays due.",
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path="snooze", verb=Verb.EDIT)
    def snooze(self, request: Request, pk: int) -> Response:
        record = self.permitted_record(Verb.VIEW)
        self.expected_version(record)
        until: date | None = self._validated(request, SnoozeSerializer)["until"]

        def write() -> Response:
            if until is None:
                snoozes.wake(record, by=request.user)
            else:
                snoozes.snooze(record, until=until, by=request.user, at=timezone.now())
            return Response(self.get_serializer(record).data, headers=etag_of(record))

        return once(request, write)


class RangeSerializer(serializers.Serializer):
    """Which days; the last one is included."""

    since = serializers.DateField(help_text="The first day")
    until = serializers.DateField(help_text="The last day, at most 62 days later")
    owner = ScopedRelatedField(User, required=False, help_text="Whose; everybody's that one may see without")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not 1900 < attrs["since"].year < 2200:
            raise serializers.ValidationError({"since": [_("This moment is out of range.")]})
        if not timedelta(0) <= attrs["until"] - attrs["since"] <= LONGEST:
            raise serializers.ValidationError({"until": [_("Choose at most 62 days.")]})
        return attrs


@extend_schema_serializer(many=False)
class CalendarSerializer(serializers.Serializer):
    are_more = serializers.BooleanField(help_text="Whether later ones were left out.")
    results = TaskSerializer(many=True)


class CalendarViewSet(viewsets.ViewSet):
    """What the calendar shows: open and done tasks by when they begin."""

    model = Task
    permission_classes = [IsAuthenticated, GrantedByRole]

    @extend_schema(parameters=[RangeSerializer], responses={200: CalendarSerializer}, summary="Tasks of some days")
    def list(self, request: Request) -> Response:
        asked = RangeSerializer(data=request.query_params, context={"request": request})
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        tasks = Task.objects.visible_to(request.user).select_related("series")
        if values.get("owner"):
            tasks = tasks.filter(owner=values["owner"])
        rows = list(planned_between(tasks, _start(values["since"]), _end(values["until"]))[: MOST + 1])
        found = {"are_more": len(rows) > MOST, "results": rows[:MOST]}
        return Response(CalendarSerializer(found, context={"request": request}).data)


def _start(day: date) -> datetime:
    """In the zone of whoever asks."""
    return timezone.make_aware(datetime.combine(day, time()))


def _end(day: date) -> datetime:
    return _start(day + timedelta(days=1))
