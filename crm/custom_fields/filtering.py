"""Filters of custom fields, for the lists, for segments, which ask what lists ask, and for the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters.widgets import DateRangeWidget

from crm.access import fields
from crm.custom_fields import computed, known, sorting
from crm.custom_fields.known import PREFIX
from crm.models.custom_field import ENDINGS, CustomField

Type = CustomField.Type


class TextContains(filters.CharFilter):
    def __init__(self, of: CustomField, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        return qs.annotate(**{f"{self.of.name}_text": sorting.text_of(self.of)}).filter(
            **{f"{self.of.name}_text__icontains": value}
        )


class NumberBetween(filters.RangeFilter):
    def __init__(self, of: CustomField, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return _between(qs, self.of, sorting.number_of(self.of), value, lambda bound: bound)


class DayBetween(filters.DateFromToRangeFilter):
    """ISO dates are ordered like the days they mean."""

    def __init__(self, of: CustomField, **kwargs: Any) -> None:
        self.of = of
        super().__init__(widget=DateRangeWidget(attrs={"type": "date"}), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return _between(qs, self.of, sorting.text_of(self.of), value, lambda bound: bound.date().isoformat())


class IsSo(filters.BooleanFilter):
    def __init__(self, of: CustomField, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs if value is None else _holding(qs, [{self.of.code: value}])


class OneOf(filters.MultipleChoiceFilter):
    """Of one choice or of several: any of those asked for."""

    def __init__(self, of: CustomField, **kwargs: Any) -> None:
        self.of = of
        choices = [(option.code, option.title) for option in of.options]
        super().__init__(choices=choices, **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        several = self.of.type == Type.CHOICES
        return _holding(qs, [{self.of.code: [code] if several else code} for code in value or ()]) if value else qs


class ComputedText(TextContains):
    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return _asked(qs, self.of).filter(**{f"asked_{self.of.name}__icontains": value}) if value else qs


class ComputedNumber(NumberBetween):
    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return _between(qs, self.of, computed.expression_of(self.of), value, lambda bound: bound)


class ComputedDay(DayBetween):
    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return _between(qs, self.of, computed.expression_of(self.of), value, lambda bound: bound.date())


class ComputedIs(IsSo):
    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs if value is None else _asked(qs, self.of).filter(**{f"asked_{self.of.name}": value})


COMPUTED: dict[str, Any] = {
    CustomField.Result.NUMBER: ComputedNumber,
    CustomField.Result.DATE: ComputedDay,
    CustomField.Result.BOOLEAN: ComputedIs,
    CustomField.Result.TEXT: ComputedText,
}


def filter_for(field: CustomField) -> Any:
    if field.is_computed:
        return COMPUTED[field.result](field, label=field.title)
    made: Any = {
        Type.NUMBER: NumberBetween,
        Type.DECIMAL: NumberBetween,
        Type.DATE: DayBetween,
        Type.BOOLEAN: IsSo,
        Type.CHOICE: OneOf,
        Type.CHOICES: OneOf,
    }.get(Type(field.type), TextContains)
    return made(field, label=field.title)


class WithCustomFields:
    """For a FilterSet of records that take custom fields: a filter for each.

    A retired field is offered to nobody, but a stored question that asks it means what it meant.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here: Any = self
        model = here.queryset.model
        asked = {code_of(name) for name in here.data}
        closed = fields.hidden(model.kind)
        for field in known.everything(model.kind):
            if field.name in closed:  # what one may not read one may not ask either
                continue
            if field.is_retired and field.code not in asked:
                continue
            made = filter_for(field)
            made.field_name, made.parent, made.model = field.name, here, model
            made.group, made.group_place = _("Custom fields"), 90
            here.filters[field.name] = made

    def get_form_class(self) -> Any:
        """What is no field is refused, rather than asked of everybody."""
        here: Any = self
        form_class = super().get_form_class()  # type: ignore[misc]
        unknown = sorted(
            name
            for name in here.data
            if name.startswith(PREFIX) and not {name, without_ending(name)} & set(here.filters)
        )

        class Form(form_class):  # type: ignore[misc, valid-type]
            def clean(self) -> Any:
                if unknown:
                    raise ValidationError(
                        _("There is no custom field “%(code)s”.") % {"code": code_of(unknown[0])[:80]}
                    )
                return super().clean()

        return Form


def names(filterset_class: Any, kind: str) -> list[str]:
    """The filters of custom fields that a FilterSet for records of this kind has now."""
    if filterset_class is None or not issubclass(filterset_class, WithCustomFields):
        return []
    closed = fields.hidden(kind)
    return [field.name for field in known.everything(kind) if field.name not in closed]


def code_of(name: str) -> str:
    return without_ending(name).removeprefix(PREFIX)


def without_ending(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def _holding(qs: QuerySet, held: Iterable[dict[str, Any]]) -> QuerySet:
    wanted = Q()
    for values in held:
        wanted |= Q(custom__contains=values)
    return qs.filter(wanted).exclude(custom={})  # the second is what the index leaves out


def _asked(qs: QuerySet, field: CustomField) -> QuerySet:
    return qs.annotate(**{f"asked_{field.name}": computed.expression_of(field)})


def _between(qs: QuerySet, field: CustomField, expression: Any, value: Any, as_kept: Any) -> QuerySet:
    if value is None or (value.start is None and value.stop is None):
        return qs
    name = f"{field.name}_held"
    qs = qs.annotate(**{name: expression})
    if value.start is not None:
        qs = qs.filter(**{f"{name}__gte": as_kept(value.start)})
    return qs.filter(**{f"{name}__lte": as_kept(value.stop)}) if value.stop is not None else qs
