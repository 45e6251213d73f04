"""With whom one record is shared, over HTTP: for the viewsets of the kinds that can be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.actions import shares
from crm.api.serializers import ScopedRelatedField
from crm.api.viewsets import part
from crm.models import Share, User


class ShareSerializer(serializers.ModelSerializer):
    class Meta:
        model = Share
        fields = ("user", "may_edit", "by", "at", "until")
        read_only_fields = fields


class SharingSerializer(serializers.Serializer):
    """Sent again for the same person, it changes what they may do."""

    user = ScopedRelatedField(User)
    may_edit = serializers.BooleanField(required=False, default=False)
    until = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="From then on no longer; without it, until removed."
    )


class OneUserSerializer(serializers.Serializer):
    user = ScopedRelatedField(User)


class Shareable:
    """What such a viewset can besides."""

    get_object: Any
    carry_out: Any
    permitted_record: Any

    @part("shares", ShareSerializer(many=True), summary="With whom it is shared")
    def shares(self, request: Request, pk: int) -> Response:
        found = shares.of(self.get_object(), timezone.now()).order_by("at", "pk")
        return Response(ShareSerializer(found, many=True).data)

    @extend_schema(request=SharingSerializer, summary="Share it with somebody, to read or to edit")
    @action(detail=True, methods=["post"], url_path="shares/sharing", verb=Verb.EDIT)
    def sharing(self, request: Request, pk: int) -> Response:
        self._decides(request)
        return self.carry_out(request, shares.share, SharingSerializer)  # type: ignore[no-any-return]

    @extend_schema(request=OneUserSerializer, summary="Share it with somebody no longer")
    @action(detail=True, methods=["post"], url_path="shares/removal", verb=Verb.EDIT)
    def share_removal(self, request: Request, pk: int) -> Response:
        def act(record: Any, *, user: User, by: Any, at: datetime) -> None:
            shares.unshare(record, user=user, by=by, at=at)

        self._decides(request)
        return self.carry_out(request, act, OneUserSerializer)  # type: ignore[no-any-return]

    def _decides(self, request: Request) -> None:
        shares.require_sharing(request.user, self.permitted_record(Verb.EDIT))
