from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.filters import MomentFilter, SharedWithCaller
from crm.api.sharing import Shareable
from crm.api.viewsets import ReadViewSet, part
from crm.custom_fields.filtering import WithCustomFields
from customers.api.filters import bearing
from customers.api.tagging import TaggedViewSet
from service.actions import conversation, states, tickets
from service.api import serializers
from service.models import Queue, Ticket


class TicketFilter(WithCustomFields, django_filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    category = django_filters.ChoiceFilter(
        "state__category",
        choices=[("open", "open"), ("paused", "paused"), ("resolved", "resolved")],
        label="Category of the state",
    )

    shared_with_me = SharedWithCaller()
    tag = django_filters.CharFilter(method="with_tag", label="Name of a tag")

    class Meta:
        model = Ticket
        fields = ("owner", "team", "priority", "type", "category")

    def with_tag(self, queryset: Any, name: str, value: str) -> Any:
        return bearing(queryset, value)


@extend_schema_view(list=extend_schema(summary="Queues"))
class QueueViewSet(ReadViewSet):
    model = Queue
    serializer_class = serializers.QueueSerializer
    ordering = ("pk",)


@extend_schema_view(list=extend_schema(summary="Tickets"))
class TicketViewSet(Shareable, TaggedViewSet):
    model = Ticket
    serializer_class = serializers.TicketSerializer
    filterset_class = TicketFilter

    def create_record(self, values: dict[str, Any], *, by: Any, at: datetime) -> Ticket:
        return tickets.open(by=by, at=at, **values)

    def update_record(self, record: Ticket, values: dict[str, Any], *, by: Any, at: datetime, version: Any) -> Any:
        priority, queue = values.pop("priority", None), values.pop("queue", None)
        values.pop("body", None)
        changed = tickets.change(ticket=record, changes=values, by=by, at=at, version=version) if values else record
        if priority is not None:
            changed = tickets.prioritise(ticket=changed, priority=priority, by=by, at=at)
        if queue is not None:
            changed = tickets.move(ticket=changed, queue=queue, by=by, at=at)
        return changed

    def delete_record(self, record: Ticket, *, by: Any, at: datetime) -> None:
        tickets.delete(ticket=record, by=by, at=at)

    @part(
        "messages", serializers.MessageSerializer(many=True), operation_id="tickets_messages", summary="What was said"
    )
    def messages(self, request: Request, pk: int) -> Response:
        said = self.get_object().messages.order_by("at", "pk")
        return Response(serializers.MessageSerializer(said, many=True).data)

    @extend_schema(
        request=serializers.AnswerSerializer, responses=serializers.TicketSerializer, summary="Answer, or leave a note"
    )
    @action(detail=True, methods=["post"], url_path="answer", verb=Verb.EDIT)
    def answer(self, request: Request, pk: int) -> Response:
        return self._do(request, _say, serializers.AnswerSerializer)

    @extend_schema(
        request=serializers.StateSerializer, responses=serializers.TicketSerializer, summary="Put into a state"
    )
    @action(detail=True, methods=["post"], url_path="state", verb=Verb.EDIT)
    def state(self, request: Request, pk: int) -> Response:
        return self._do(request, states.change_state, serializers.StateSerializer)

    @extend_schema(request=None, responses=serializers.TicketSerializer, summary="Resolve")
    @action(detail=True, methods=["post"], url_path="resolution", verb=Verb.EDIT)
    def resolution(self, request: Request, pk: int) -> Response:
        return self._do(request, states.resolve)

    def _do(self, request: Request, verb: Callable[..., Any], shape: Any = None) -> Response:
        return self.carry_out(request, lambda ticket, **said: verb(ticket=ticket, **said), shape)


def _say(*, body: str, internal: bool, **who: Any) -> Any:
    return (conversation.note if internal else conversation.reply)(body=body, **who)
