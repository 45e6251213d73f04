"""Coordinates that somebody gave of a customer: what goes with them, and when they no longer hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.models.geo import Point

COORDINATES = ("latitude", "longitude")
ADDRESS = ("city", "country")
NOTHING: dict[str, Any] = {"latitude": None, "longitude": None, "located_by": ""}


def effects(
    customer: Customer,
    changes: dict[str, Any],
    base: Mapping[str, Any] | None = None,
    how: str = Customer.LocatedBy.ENTERED,
) -> dict[str, Any]:
    """The changes with how the coordinates are known.

    Who moves to another city is no longer where the coordinates say, unless new ones come along: from then on the
    city says where.
    """
    if "located_by" in changes:
        return changes
    said = {name: changes[name] for name in (*COORDINATES, *ADDRESS) if name in changes}
    said = {name: value for name, value in said.items() if base is None or base.get(name) != value}
    new = {name for name, value in said.items() if getattr(customer, name) != value}
    if new & set(COORDINATES):
        after = {name: said.get(name, getattr(customer, name)) for name in COORDINATES}
        refuse_wrong(**after)
        return changes | {"located_by": "" if after["latitude"] is None else how}
    if new & set(ADDRESS) and customer.located_by:
        return changes | NOTHING
    return changes


def refuse_wrong(latitude: Any, longitude: Any) -> None:
    """Half a position, or one that is nowhere on earth."""
    if (latitude is None) != (longitude is None):
        missing = "latitude" if latitude is None else "longitude"
        raise ValidationError({missing: _("Latitude and longitude go together: give both or neither.")})
    if latitude is not None and not Point(latitude, 0).is_on_earth:
        raise ValidationError({"latitude": _("A latitude is between -90 and 90.")})
    if longitude is not None and not Point(0, longitude).is_on_earth:
        raise ValidationError({"longitude": _("A longitude is between -180 and 180.")})
