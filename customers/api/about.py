"""What an activity or a task belongs to above its customer, an opportunity or a ticket: said when it is made."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from crm.access import kinds
from crm.api.serializers import RecordSerializer


class AboutSerializer(RecordSerializer):
    about_kind = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="On creation: `opportunity`, `ticket`. Stays so."
    )
    about_id = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1, help_text="On creation: its id. Stays so."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """`about`, the record itself, instead of its kind and id."""
        attrs = super().validate(attrs)
        code, pk = attrs.pop("about_kind", ""), attrs.pop("about_id", None)
        if self.instance is not None or not (code or pk):
            return attrs
        about = self._seen(code, pk)
        if about is None:
            raise serializers.ValidationError({"about_id": [_("There is no such record, or it is not yours to see.")]})
        return {**attrs, "about": about}

    @property
    def _user(self) -> Any:
        return self.context["request"].user

    def _seen(self, code: str, pk: int | None) -> Any:
        rows = kinds.rows_of(code)
        return rows.visible_to(self._user).filter(pk=pk).first() if rows is not None else None
