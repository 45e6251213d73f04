"""Tags of any kind of record that bears some, for other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.api.serializers import RecordSerializer
from crm.api.viewsets import RecordViewSet
from customers.actions import tags
from customers.lists.tags import with_tags
from customers.models.tag import by_number


class TaggedSerializer(RecordSerializer):
    tags = serializers.SerializerMethodField(help_text="Names, in their order.")

    def get_tags(self, record: Any) -> list[str]:
        shown = getattr(record, "tags_shown", None)
        return [tag.name for tag in by_number(record.tags)] if shown is None else [tag["name"] for tag in shown]


class TagsShape(serializers.Serializer):
    add = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)
    remove = serializers.ListField(child=serializers.CharField(max_length=40), required=False, default=list)


class TaggedViewSet(RecordViewSet):
    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows if getattr(self, "swagger_fake_view", False) else with_tags(rows)

    @extend_schema(request=TagsShape, summary="Put tags on and take them off; a tag that is not there yet is made")
    @action(detail=True, methods=["post"], url_path="tags", url_name="tags", verb=Verb.EDIT)
    def change_tags(self, request: Request, pk: int) -> Response:
        def act(record: Any, *, add: list[str], remove: list[str], by: Any, at: datetime) -> None:
            more = [tags.named(name, by=by, at=at) for name in add]
            tags.change(record, add=more, remove=tags.known(remove), by=by, at=at)

        return self.carry_out(request, act, TagsShape)
