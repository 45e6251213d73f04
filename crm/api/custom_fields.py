"""The fields the administrator defined: which there are, and their values as the `custom` object of a record."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.fields import empty

from crm.access import fields
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.api.configured import ConfiguredViewSet
from crm.api.serializers import CLOSED
from crm.custom_fields import computed, known, values, writing
from crm.models.custom_field import CustomField

VALUE = {
    "nullable": True,
    "anyOf": [
        {"type": "string"},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}},
    ],
}


@extend_schema_field({"type": "object", "additionalProperties": VALUE})
class CustomValues(serializers.Field):
    """By code. Writing changes those that are named; null takes a value away. Decimals are strings, dates ISO 8601."""

    default_error_messages = {"required": "This field is required."}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault(
            "help_text",
            "Values of the custom fields by code (GET /api/v1/custom-fields/). Only the named ones change; null takes "
            "one away. Decimals are strings. Lists filter by `custom_{code}`.",
        )
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        held = value if isinstance(value, dict) else {}
        return {field.code: held[field.code] for field in known.readable(self.kind) if field.code in held}

    def run_validation(self, data: Any = empty) -> Any:
        """A new record needs its required fields even where nothing is said of any."""
        if data is empty and self.parent.instance is None and not self.root.partial:
            data = {}
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        record = self.parent.instance
        held = writing.custom_of(record) if record is not None else {}
        closed = fields.unwritable(self.kind)
        if refused := [code for code in data if f"{known.PREFIX}{code}" in closed] if isinstance(data, dict) else []:
            raise serializers.ValidationError({code: [CLOSED] for code in refused})
        try:
            said = writing.change(self.kind, data, held)
        except ValidationError as error:
            raise serializers.ValidationError(by_code(error)) from None
        needed = [field for field in known.writable(self.kind) if field.is_required and self._lacks(field, said)]
        if needed:
            raise serializers.ValidationError({field.code: [self.error_messages["required"]] for field in needed})
        return said

    def _lacks(self, field: CustomField, said: dict[str, Any]) -> bool:
        """Taken away, or of a new record neither said nor there by itself."""
        if field.code in said:
            return said[field.code] is None
        return self.parent.instance is None and values.default_of(field) is None

    @property
    def kind(self) -> str:
        model: Any = self.parent.Meta.model  # type: ignore[union-attr]
        return str(model.kind)


RESULT = {"nullable": True, "anyOf": [{"type": "string"}, {"type": "boolean"}]}


@extend_schema_field({"type": "object", "additionalProperties": RESULT})
class FormulaValues(serializers.Field):
    """What the formulas come to, by code; one that comes to nothing is not there."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["read_only"] = True
        kwargs.setdefault(
            "help_text",
            "What the custom fields of the type formula come to, by code. Numbers are strings, dates ISO 8601. Lists "
            "filter by `custom_{code}`.",
        )
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_representation(self, value: Any) -> dict[str, Any]:
        found = computed.values_of(value, known.formulas(value.kind))
        return {code: computed.as_kept(each) for code, each in found.items()}


def by_code(error: ValidationError) -> Any:
    if not hasattr(error, "error_dict"):
        return error.messages
    return {
        ("non_field_errors" if name == "custom" else name.removeprefix(known.PREFIX)): messages
        for name, messages in error.message_dict.items()
    }


class ChoiceSerializer(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()
    label_zh = serializers.CharField()
    is_retired = serializers.BooleanField()
    is_default = serializers.BooleanField()


class CustomFieldSerializer(serializers.ModelSerializer):
    choices = ChoiceSerializer(source="options", many=True)
    default = serializers.SerializerMethodField(help_text="As it is kept; null where there is none.")

    class Meta:
        model = CustomField
        fields = (
            "kind", "code", "label", "label_zh", "help_text", "help_text_zh", "type", "choices", "formula", "result",
            "is_required", "default", "group", "group_zh", "position", "is_searched", "is_retired",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(VALUE)
    def get_default(self, field: CustomField) -> Any:
        return values.default_of(field)


class CustomFieldFilter(filters.FilterSet):
    class Meta:
        model = CustomField
        fields = ("kind", "is_retired")


@extend_schema_view(list=extend_schema(summary="Custom fields, as the administrator defined them"))
class CustomFieldViewSet(ConfiguredViewSet):
    of_kind = None  # those of the kinds that the person may view
    serializer_class = CustomFieldSerializer
    filterset_class = CustomFieldFilter

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return CustomField.objects.none()
        access = access_of(self.request.user)
        seen = [kind for kind in known.takers() if access.may(kind, Verb.VIEW)]
        existing = CustomField.objects.existing()  # scoped: definitions are nobody's; of kinds that may be viewed
        found = existing.with_options().filter(kind__in=seen).order_by("kind", "position", "pk")
        for kind, names in access.hidden.items():
            found = found.exclude(kind=kind, code__in=[name.removeprefix(known.PREFIX) for name in names])
        return found
