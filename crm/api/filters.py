from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_filters.fields import IsoDateTimeField


class MomentField(IsoDateTimeField):
    """A moment in ISO 8601, kept in UTC: the database knows no offsets beyond 16 hours."""

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        try:
            return found.astimezone(UTC) if found is not None else None
        except OverflowError:
            raise ValidationError(_("This moment is out of range.")) from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = MomentField
