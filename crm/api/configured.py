"""What administrators configure in the admin site, for programs to read: whole, in its own order."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.api.permissions import verb_of
from crm.api.viewsets import ReadViewSet
from crm.models import ApiToken, Team, User


class SeesKind(BasePermission):
    """Whoever may view the kind it belongs to; rules belong to the settings, and to administrators. What belongs to no
    kind is for everybody who has signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = verb_of(request, view)
        if isinstance(request.auth, ApiToken) and not request.auth.may(verb):
            return False
        return view.of_kind is None or access_of(request.user).may(view.of_kind, Verb.VIEW)


class ConfiguredViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Subclasses say `rows` (a queryset), `of_kind` and `serializer_class`."""

    rows: Any
    of_kind: str | None
    permission_classes = [IsAuthenticated, SeesKind]
    pagination_class = None

    def get_queryset(self) -> Any:
        return self.rows.all()


class ConfiguredCodeSerializer(serializers.ModelSerializer):
    class Meta:
        fields: Any = ("code", "name", "name_zh", "position", "is_active")
        read_only_fields: Any = fields


class ColleagueSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ("id", "name", "email", "team", "is_active")
        read_only_fields = fields


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ("id", "name", "parent", "manager")
        read_only_fields = fields


@extend_schema_view(list=extend_schema(summary="People who work here"))
class PersonViewSet(ReadViewSet):
    model = User
    serializer_class = ColleagueSerializer
    ordering = ("pk",)


@extend_schema_view(list=extend_schema(summary="Teams"))
class TeamViewSet(ReadViewSet):
    model = Team
    serializer_class = TeamSerializer
    ordering = ("pk",)
