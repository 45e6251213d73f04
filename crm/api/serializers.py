"""Serializers check shape; they never save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.access import fields, kinds
from crm.access.fields import CLOSED
from crm.models.configured_code import CodeField, ConfiguredCode

UNKNOWN = gettext_lazy("There is no such field.")
NAMED = 100  # characters of a name that is told back


def validated(asked: serializers.Serializer) -> dict[str, Any]:
    """What the body says. A name that means nothing is refused like a wrong value: it was meant to say something.

    Fields that can only be read may stand in it, so that what was read can be sent back.
    """
    unknown = _unknown(asked, asked.initial_data)
    if not asked.is_valid() or unknown:
        raise serializers.ValidationError({**unknown, **asked.errors})
    values: dict[str, Any] = asked.validated_data
    return values


def _unknown(asked: Any, body: Any) -> dict[str, Any]:
    """Nested like the body."""
    if isinstance(asked, serializers.ListSerializer):
        rows = body if isinstance(body, list) else []
        return {str(position): wrong for position, row in enumerate(rows) if (wrong := _unknown(asked.child, row))}
    if not isinstance(asked, serializers.Serializer) or not isinstance(body, Mapping):
        return {}
    found: dict[str, Any] = {}
    for name, value in body.items():
        if name not in asked.fields:
            found[name[:NAMED]] = [UNKNOWN]
        elif not asked.fields[name].read_only and (wrong := _unknown(asked.fields[name], value)):
            found[name] = wrong
    return found


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


@extend_schema_field({"type": "string", "maxLength": 16})
class ConfiguredCodeField(serializers.CharField):
    """A code of a list that administrators keep: those out of use too, of records that have them. What there is says
    the list's own resource, so that the description of the API is the same for every organisation."""

    default_error_messages = {"invalid_choice": serializers.ChoiceField.default_error_messages["invalid_choice"]}

    def __init__(self, of: type[ConfiguredCode], **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if code not in dict(self.of.choices()):
            self.fail("invalid_choice", input=code)
        return code


class WholePartSerializer(serializers.ModelSerializer):
    """A part of a record, as a line. It is sent whole, also where only some of the record's fields are changed."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The framework asks neither for what is needed nor for what it is by default where a record is changed."""
        missing = {}
        for field in self._writable_fields:
            column = self.Meta.model._meta.get_field(field.source)  # type: ignore[attr-defined]
            if field.source in attrs:
                continue
            if column.has_default():
                attrs[field.source] = column.to_python(column.get_default())
            elif field.required:
                missing[field.field_name] = [field.error_messages["required"]]
        if missing:
            raise serializers.ValidationError(missing)
        return super().validate(attrs)


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

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        cls, kwargs = super().build_standard_field(field_name, model_field)
        if isinstance(model_field, CodeField):
            kwargs.pop("choices")
            return ConfiguredCodeField, {**kwargs, "of": model_field.of}
        return cls, kwargs

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        cls, kwargs = super().build_relational_field(field_name, relation_info)
        model = relation_info.related_model
        if hasattr(model._default_manager.all(), "visible_to"):
            kwargs.pop("view_name", None)
            return ScopedRelatedField, {**kwargs, "model": model}
        return cls, kwargs


COMMON = ("id", "kind", "url", "owner", "team", "version", "created_at", "updated_at")
READ_ONLY = ("id", "version", "created_at", "updated_at")
