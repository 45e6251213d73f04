"""What was done to many records at once, and taking it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access.permissions import Verb
from crm.actions import journal, taking_back
from crm.api.errors import Conflict
from crm.api.idempotency import once
from crm.api.permissions import verb_of
from crm.api.serializers import validated
from crm.api.viewsets import ReadViewSet
from crm.models import ApiToken, Operation

NAMED = 100


class ConflictSerializer(serializers.Serializer):
    table = serializers.CharField(help_text="Of the record: `customers.Customer`.")
    id = serializers.IntegerField()
    label = serializers.CharField(allow_null=True, help_text="null for a record that the caller may not see.")
    reason = serializers.CharField()


class OperationSerializer(serializers.ModelSerializer):
    text = serializers.CharField(read_only=True)
    undoable_until = serializers.DateTimeField(read_only=True)
    is_being_undone = serializers.SerializerMethodField(
        help_text="Much of it is undone in the background: ask again until `undone_at` says when."
    )
    conflicts = serializers.SerializerMethodField(help_text="What undoing leaves, or left, as it is.")

    class Meta:
        model = Operation
        fields = (
            "id", "type", "subject_kind", "text", "count", "by", "at", "undone_at", "undone_by", "undoable_until",
            "is_being_undone", "conflicts",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_being_undone(self, operation: Operation) -> bool:
        return any(run.is_working for run in operation.undoings.all())

    @extend_schema_field(ConflictSerializer(many=True))
    def get_conflicts(self, operation: Operation) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = operation.kept
        if self.context.get("is_alone") and operation.may_undo(timezone.now()):
            found = [each.as_json() for each in journal.conflicts(operation)]
        return journal.told(self.context["request"].user, found[:NAMED])


class UndoSerializer(serializers.Serializer):
    rest = serializers.BooleanField(default=False, help_text="Undo the rest although some of it was changed since.")


class Own(IsAuthenticated):
    """Everybody's own; a token has to allow the verb."""

    def has_permission(self, request: Request, view: Any) -> bool:
        may = not isinstance(request.auth, ApiToken) or request.auth.may(verb_of(request, view))
        return super().has_permission(request, view) and may


@extend_schema_view(
    list=extend_schema(summary="What one did to many records at once"),
    retrieve=extend_schema(summary="One of them, with what was changed since"),
)
class OperationViewSet(ReadViewSet):
    model = Operation
    serializer_class = OperationSerializer
    permission_classes = [Own]
    http_method_names = ["get", "post", "head", "options"]
    prefetched = ("undoings",)
    ordering = ("at", "pk")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "is_alone": self.detail}

    @extend_schema(
        request=UndoSerializer,
        responses=OperationSerializer,
        summary="Undo",
        description="409 and nothing is done where something was changed since, unless `rest` says to undo the rest.",
    )
    @action(detail=True, methods=["post"], url_path="undoing", verb=Verb.EDIT)
    def undoing(self, request: Request, pk: int) -> Response:
        operation = self.get_object()
        wanted = UndoSerializer(data=request.data)
        validated(wanted)

        def write() -> Response:
            by: Any = request.user
            try:
                done = taking_back.take_back(operation, by=by, at=timezone.now(), **wanted.validated_data)
            except journal.Conflicts as found:
                count = len(found.found)
                said = _("%(count)s records were changed since; see `conflicts`. Send rest=true to undo the others.")
                raise Conflict(said % {"count": count}) from None
            return Response(self.get_serializer(done).data)

        return once(request, write)
