"""Possible duplicates and merging, by the same rules as in the pages."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import fields
from crm.access.permissions import Verb
from crm.api.errors import Conflict
from crm.api.idempotency import once
from crm.api.schema import Problem
from crm.api.serializers import ScopedRelatedField, validated
from crm.api.viewsets import ReadViewSet
from crm.custom_fields import known
from crm.joining import listed
from customers.actions import duplicates
from customers.actions.merging import CHOOSABLE
from customers.models import Customer, Duplicate, alike, matching


class DuplicateSerializer(serializers.ModelSerializer):
    reasons = serializers.SerializerMethodField(help_text="What they have in common, in words.")

    class Meta:
        model = Duplicate
        fields = ("id", "first", "second", "signs", "strength", "reasons", "found_at", "dismissed_at")
        read_only_fields = fields

    def get_reasons(self, pair: Duplicate) -> list[str]:
        return [str(reason) for reason in pair.reasons]


class TypedSerializer(serializers.Serializer):
    name = serializers.CharField(required=False, max_length=200)
    form = serializers.ChoiceField(required=False, choices=Customer.Form.choices)
    number = serializers.CharField(required=False, max_length=60)
    email = serializers.CharField(required=False, max_length=254)
    phone = serializers.CharField(required=False, max_length=40)
    website = serializers.CharField(required=False, max_length=200)


class AlikeSerializer(serializers.Serializer):
    customer = serializers.IntegerField(source="record.pk")
    is_certain = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class FoundSerializer(serializers.Serializer):
    seen = AlikeSerializer(many=True)
    hidden = serializers.SerializerMethodField(help_text="Teams with a customer like it that is not yours to see.")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_hidden(self, found: alike.Found) -> list[str]:
        return [hidden.team for hidden in found.hidden]


class LikeItSerializer(serializers.Serializer):
    kind = serializers.CharField(source="record.kind")
    id = serializers.IntegerField(source="record.pk")
    is_certain = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class LikeThemSerializer(FoundSerializer):
    seen = LikeItSerializer(many=True)


class AlikeProblem(Problem):
    """Also 409 for other reasons, then without `duplicates`."""

    duplicates = LikeThemSerializer(required=False)


REFUSED: dict[Any, Any] = {(409, "application/problem+json"): AlikeProblem}
ALLOWING: dict[str, Any] = {
    "write_only": True,
    "required": False,
    "help_text": "On creation: it is none of those that are like it. Without, these are answered with 409.",
}


def apart_from(found: alike.Found, *, allowed: bool) -> list[matching.Alike]:
    """Those a new record is like, if it is to be created all the same; else who may be meant is told, and no more."""
    if found.all and not allowed:
        said = _("There may be one like it already. Send allow_duplicate=true if it is none of these.")
        raise Conflict(said, {"duplicates": LikeThemSerializer(found).data})
    return found.all


class MergeSerializer(serializers.Serializer):
    other = ScopedRelatedField(model=Customer, help_text="The customer that goes into this one.")
    other_version = serializers.IntegerField(help_text="The version of it that was read; another one: 412.")
    from_other = serializers.ListField(
        child=serializers.CharField(max_length=60),
        default=list,
        help_text=f"Fields of which its value counts: {', '.join(CHOOSABLE)}, and custom_{{code}} of custom fields.",
    )

    def validate_from_other(self, names: list[str]) -> list[str]:
        custom = {field.name for field in known.everything(Customer.kind) if not field.is_computed}
        unknown = [name for name in names if name not in CHOOSABLE and name not in custom]
        unknown += sorted(fields.unwritable(Customer.kind).intersection(names))
        if unknown:
            raise serializers.ValidationError(_("%(names)s cannot be chosen.") % {"names": listed(sorted(unknown))})
        return names


@extend_schema_view(
    list=extend_schema(summary="Possible duplicates among the customers one may edit"),
    retrieve=extend_schema(summary="A pair"),
)
class DuplicateViewSet(ReadViewSet):
    model = Duplicate
    serializer_class = DuplicateSerializer
    http_method_names = ["get", "post", "head", "options"]
    ordering = ("found_at", "pk")

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.open() if self.action == "list" else rows

    @extend_schema(request=None, responses=DuplicateSerializer, summary="They are not the same")
    @action(detail=True, methods=["post"], url_path="dismissal", verb=Verb.EDIT)
    def dismissal(self, request: Request, pk: int) -> Response:
        pair = self.get_object()

        def write() -> Response:
            by: Any = request.user
            return Response(self.get_serializer(duplicates.dismiss(pair, by=by, at=timezone.now())).data)

        return once(request, write)

    @extend_schema(
        request=TypedSerializer,
        responses=FoundSerializer,
        summary="Whether there is a customer like this",
        description="Of customers that are not yours to see nothing is said but which teams have one.",
    )
    @action(detail=False, methods=["post"], url_path="check", verb=Verb.CREATE, pagination_class=None)
    def check(self, request: Request) -> Response:
        typed = TypedSerializer(data=request.data)
        validated(typed)
        user: Any = request.user
        return Response(FoundSerializer(alike.customers_like(user, typed.validated_data)).data)
