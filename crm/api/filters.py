from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation
from rest_framework.exceptions import ValidationError as NotRight
from rest_framework.request import Request


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


class SharedWithCaller(django_filters.BooleanFilter):
    def __init__(self) -> None:
        super().__init__(label="Shared with the caller")

    def filter(self, qs: Any, value: bool | None) -> Any:
        return qs if value is None else qs.shared_with(self.parent.request.user, value)


class KnownFilters(DjangoFilterBackend):
    """The view's filters. A name that is none of them is refused: without it the answer would be everybody's."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        if view.action == "list":
            _refuse_unknown(request, view, filterset)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset.qs


def _refuse_unknown(request: Request, view: Any, filterset: Any) -> None:
    known = {each["name"] for each in view.paginator.get_schema_operation_parameters(view)} if view.paginator else set()
    for name, field in filterset.form.fields.items() if filterset is not None else ():
        known |= {f"{name}_{suffix}" for suffix in getattr(field.widget, "suffixes", ())} or {name}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise NotRight({name: [_("There is no such filter here.")] for name in unknown})
