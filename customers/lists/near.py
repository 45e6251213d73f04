"""Filters by where customers are."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from customers.lists.filters import PickedCustomerFilter, PickedField
from customers.models import Place, position
from customers.models.geo import Box, Point

USUAL_KM = 25
DISTANCES = [(str(km), _("%(km)s km") % {"km": km}) for km in (5, 10, 25, 50, 100, 250, 500)]


class CityFilter(filters.CharFilter):
    """The city or country however somebody wrote its capitals: the places know all that was written."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if not value:
            return qs
        name = str(self.field_name)
        written = Place.objects.filter(**{f"{name}__iexact": value}).values(name)
        return qs.filter(Q(**{name: value}) | Q(**{f"{name}__in": list(written.values_list(name, flat=True))}))


class KnownFilter(filters.ChoiceFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=position.Known.choices, label=_("place on the map"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return position.known_by(qs, value) if value else qs


class LocatedCustomerField(PickedField):
    """A customer of whom it is known where it is; the value is both."""

    def clean(self, value: Any) -> Any:
        customer = super().clean(value)
        if customer is None:
            return None
        if (point := position.of(customer)) is None:
            raise ValidationError(
                _("Nobody knows where %(customer)s is: give it a city, or coordinates.") % {"customer": customer}
            )
        customer.point = point
        return customer


class NearCustomerFilter(PickedCustomerFilter):
    """Customers round another one, itself among them."""

    field_class = LocatedCustomerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("near the customer"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return position.within(qs, value.point, km_of(self.parent)) if value else qs


class PointField(forms.CharField):
    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return Point(*_numbers(found, 2)) if found else None


class NearPointFilter(filters.CharFilter):
    """Customers round a point: "53.8, -1.55"."""

    field_class = PointField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("near the point (latitude, longitude)"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return position.within(qs, value, km_of(self.parent)) if value else qs


class DistanceFilter(filters.ChoiceFilter):
    """How near the other two mean; by itself it narrows nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=DISTANCES, label=_("how near"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return qs


class AreaField(forms.CharField):
    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        if not found:
            return None
        south, west, north, east = _numbers(found, 4)
        if not (box := Box(south, west, north, east)).is_on_earth:
            raise ValidationError(__("The south of an area is not north of its north."))
        return box


class AreaFilter(filters.CharFilter):
    """A part of the map: what a mark on it opens."""

    field_class = AreaField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("area on the map (south, west, north, east)"), **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        return position.inside(qs, value) if value else qs


def km_of(filterset: Any) -> int:
    return int(filterset.form.cleaned_data.get("within") or USUAL_KM)


def _numbers(text: str, count: int) -> list[float]:
    """So many coordinates in degrees, a latitude first, with commas between them."""
    try:
        found = [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError:
        found = []
    pairs = [Point(*found[place : place + 2]) for place in range(0, count, 2)] if len(found) == count else []
    if not pairs or not all(point.is_on_earth for point in pairs):
        raise ValidationError(__("These are not coordinates in degrees with commas between them."))
    return found
