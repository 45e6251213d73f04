"""Serializers check shape; they never save."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from crm.access import fields, kinds

CLOSED = gettext_lazy("Your role does not let you write this field.")


class ScopedRelatedField(serializers.PrimaryKeyRelatedField):
    """A reference by id to a record the caller may see; an invisible one does not exist."""

    def __init__(self, model: Any = None, **kwargs: Any) -> None:
        self.model = model
        if not kwargs.get("read_only"):
            kwargs.setdefault("queryset", model._default_manager.none())
        super().__init__(**kwargs)

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        rows = self.model._default_manager
        return rows.visible_to(request.user) if request is not None else rows.none()


class RecordSerializer(serializers.ModelSerializer):
    """A record as others see it: its fields, whose it is, its version and where its page is."""

    kind = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="The record's page in the browser.")

    def get_fields(self) -> dict[str, Any]:
        """Without what the caller's roles hide; the description of the API has every field."""
        found = super().get_fields()
        if not getattr(self.context.get("view"), "swagger_fake_view", False):
            for name in fields.hidden_of(self.Meta.model):  # type: ignore[attr-defined]
                found.pop(name, None)
        return found

    def to_internal_value(self, data: Any) -> Any:
        closed = sorted(fields.unwritable(self._kind).intersection(data if isinstance(data, dict) else ()))
        if closed:
            raise serializers.ValidationError({name: [CLOSED] for name in closed})
        return super().to_internal_value(data)

    def to_representation(self, instance: Any) -> Any:
        with fields.covered():
            return super().to_representation(instance)

    @property
    def _kind(self) -> str:
        return str(getattr(self.Meta.model, "kind", ""))  # type: ignore[attr-defined]

    def get_kind(self, record: Any) -> str:
        return record.kind

    def get_url(self, record: Any) -> str | None:
        path = kinds.of(record).url_for(record.pk)
        request = self.context.get("request")
        return request.build_absolute_uri(path) if path and request is not None else path

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        cls, kwargs = super().build_relational_field(field_name, relation_info)
        model = relation_info.related_model
        if hasattr(model._default_manager.all(), "visible_to"):
            kwargs.pop("view_name", None)
            return ScopedRelatedField, {**kwargs, "model": model}
        return cls, kwargs


COMMON = ("id", "kind", "url", "owner", "team", "version", "created_at", "updated_at")
READ_ONLY = ("id", "version", "created_at", "updated_at")
