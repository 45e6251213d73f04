"""Cities that customers are in are looked up by name: once for all who are there, without asking anybody outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from customers.models import Place, gazetteer, place
from customers.models.gazetteer import Finding, Pair
from customers.models.geo import exact

AT_ONCE = 5000


def look_up_new(at: datetime) -> int:
    """Those nobody has looked up yet; returns how many. A second run finds nothing to do."""
    pairs = place.not_looked_up()
    for start in range(0, len(pairs), AT_ONCE):
        look_up(pairs[start : start + AT_ONCE], at)
    return len(pairs)


def look_up_again(at: datetime) -> int:
    """What was looked up in another list than today's; and what no customer has any more is forgotten."""
    Place.objects.filter(pk__in=place.not_written_any_more()).delete()
    older = Place.objects.exclude(source=gazetteer.source()).order_by("pk")
    pairs: list[Pair] = list(older.values_list("city", "country"))
    for start in range(0, len(pairs), AT_ONCE):
        look_up(pairs[start : start + AT_ONCE], at)
    return len(pairs)


def look_up(pairs: Iterable[Pair], at: datetime) -> None:
    """In one reading of the list and one statement; two at once write the same."""
    found = gazetteer.find(pairs, home=settings.PHONE_REGION or "")
    Place.objects.bulk_create(
        [_place(pair, finding, at) for pair, finding in found.items()],
        update_conflicts=True,
        unique_fields=["city", "country"],
        update_fields=["state", "name", "latitude", "longitude", "source", "looked_up_at"],
    )


def _place(pair: Pair, finding: Finding, at: datetime) -> Place:
    made = Place(city=pair[0], country=pair[1], source=gazetteer.source(), looked_up_at=at)
    if finding.city is None:
        made.state = Place.State.AMBIGUOUS if finding.count else Place.State.UNKNOWN
        return made
    point = finding.city.point
    made.state, made.name = Place.State.FOUND, f"{finding.city.name}, {finding.city.country}"
    made.latitude, made.longitude = exact(point.latitude), exact(point.longitude)
    return made
