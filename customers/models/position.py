"""Where customers are: at the coordinates somebody gave, or else where their city is."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from crm.joining import comma
from customers.models.customer import Customer
from customers.models.geo import Box, Point, around, distance_sql
from customers.models.place import Place


class Known(models.TextChoices):
    """How it is known where a customer is, or why not."""

    GIVEN = "given", _("coordinates given")
    CITY = "city", _("by the city")
    AMBIGUOUS = "ambiguous", _("several places have this name")
    UNKNOWN = "unknown", _("the city is not known")
    WAITING = "waiting", _("not looked up yet")
    NO_CITY = "no_city", _("no city given")


def of(customer: Any) -> Point | None:
    """Where one customer is."""
    if customer.latitude is not None:
        return Point(float(customer.latitude), float(customer.longitude))
    place = Place.objects.found().of(customer).first()
    if place is None or place.latitude is None or place.longitude is None:
        return None
    return Point(float(place.latitude), float(place.longitude))


def inside(customers: Any, box: Box) -> Any:
    return _where(customers, box, None)


def within(customers: Any, point: Point, km: float) -> Any:
    """As the crow flies. The box round the circle is found by an index; of what is in it the distance is asked."""
    return _where(customers, around(point, km), Q(km__lte=km), point)


def known_by(customers: Any, known: str) -> Any:
    if known == Known.GIVEN:
        return customers.filter(latitude__isnull=False)
    if known == Known.NO_CITY:
        return customers.filter(latitude=None, city="")
    places = _places_of_customer()
    by_city = customers.filter(latitude=None).exclude(city="")
    if known == Known.WAITING:
        return by_city.filter(~Exists(places))
    state = Place.State.FOUND if known == Known.CITY else known
    return by_city.filter(Exists(places.filter(state=state)))


def _places_of_customer() -> Any:
    return Place.objects.filter(city=OuterRef("city"), country=OuterRef("country"))


def _where(customers: Any, box: Box, more: Q | None, point: Point | None = None) -> Any:
    """Both kinds by an index of their own: an OR of the two would read every customer."""
    given, places = Customer._base_manager.filter(box.condition(), deleted_at=None), _places_of_customer()
    places = places.filter(box.condition(), state=Place.State.FOUND)
    if more is not None and point is not None:
        given = given.alias(km=distance_sql(point)).filter(more)
        places = places.alias(km=distance_sql(point)).filter(more)
    by_city = Customer._base_manager.filter(~Q(city=""), Exists(places), latitude=None, deleted_at=None)
    return customers.filter(Q(pk__in=given.values("pk").union(by_city.values("pk"), all=True)))


# What the map shows ---------------------------------------------------------------------------------------------------

MARKS = 500
TOWNS = 200
TOO_NEAR = 0.7  # of a cell
MERCATOR_EDGE = 85.05113  # beyond it the map has no picture; what is there is shown at its edge

# By city first: a million customers are in some thousand cities, and only these are joined and sorted into the grid.
_TOLD = """WITH told AS (
        SELECT city, country, latitude, longitude, count(*) AS number FROM ({customers}) AS customer
        GROUP BY city, country, latitude, longitude),
    positioned AS (
        SELECT told.city, told.country, told.number,
            CASE WHEN told.latitude IS NOT NULL THEN 'given' WHEN told.city = '' THEN 'no_city'
                 WHEN place.state IS NULL THEN 'waiting' WHEN place.state = 'found' THEN 'city'
                 ELSE place.state END AS known,
            coalesce(told.latitude, place.latitude)::float8 AS latitude,
            coalesce(told.longitude, place.longitude)::float8 AS longitude
        FROM told LEFT JOIN customers_place AS place
            ON told.latitude IS NULL AND place.city = told.city AND place.country = told.country)"""
_MARKS = """, seen AS (
        SELECT *, degrees(asinh(tan(radians(greatest(-{edge}, least({edge}, latitude)))))) AS height
        FROM positioned
        WHERE latitude BETWEEN %(south)s AND %(north)s AND ({meridians})),
    gridded AS (
        SELECT sum(number) AS number, sum(latitude * number) / sum(number) AS latitude,
            sum(longitude * number) / sum(number) AS longitude, min(latitude) AS south, min(longitude) AS west,
            max(latitude) AS north, max(longitude) AS east,
            (array_agg(city ORDER BY number DESC, city))[1] AS city, count(DISTINCT (city, country)) AS cities
        FROM seen GROUP BY floor(longitude / %(cell)s), floor(height / %(cell)s))
    SELECT *, count(*) OVER () FROM gridded ORDER BY number DESC, latitude, longitude LIMIT %(most)s"""
_TOWNS = """, towns AS (
        SELECT city, country, known IN ('given', 'city') AS is_known, min(known) AS known, sum(number) AS number,
            min(latitude) AS south, min(longitude) AS west, max(latitude) AS north, max(longitude) AS east
        FROM positioned GROUP BY city, country, is_known),
    ranked AS (
        SELECT *, sum(number) OVER side AS all_there, count(*) OVER side AS towns, min(south) OVER side AS lowest,
            min(west) OVER side AS leftmost, max(north) OVER side AS highest, max(east) OVER side AS rightmost,
            row_number() OVER (PARTITION BY is_known ORDER BY number DESC, city, country) AS rank
        FROM towns WINDOW side AS (PARTITION BY is_known))
    SELECT city, country, is_known, known, number, south, west, north, east, all_there, towns,
        lowest, leftmost, highest, rightmost
    FROM ranked WHERE rank <= %(most)s ORDER BY is_known DESC, rank"""


@dataclass(frozen=True)
class Mark:
    """Customers that are so close together that the map shows them as one."""

    number: int
    point: Point
    box: Box
    city: str  # where most of them are
    cities: int

    def with_another(self, mark: Mark) -> Mark:
        box, other = self.box, mark.box
        whole = Box(
            min(box.south, other.south),
            min(box.west, other.west),
            max(box.north, other.north),
            max(box.east, other.east),
        )
        return Mark(self.number + mark.number, self.point, whole, self.city, self.cities + mark.cities)


@dataclass(frozen=True)
class Town:
    """The customers of one city, where it is known where they are; or those of one where it is not."""

    city: str
    country: str
    known: str
    number: int
    box: Box | None

    def __str__(self) -> str:
        return comma().join(filter(None, [self.city, self.country]))

    @property
    def why_not(self) -> str:
        return str(Known(self.known).label)


@dataclass(frozen=True)
class Towns:
    """`known` and `unknown` are the largest; the numbers and the box are of all."""

    known: list[Town]
    unknown: list[Town]
    on_map: int = 0
    off_map: int = 0
    further_known: int = 0
    further_unknown: int = 0
    box: Box | None = None


def marks(customers: Any, box: Box, cell: float, most: int = MARKS) -> tuple[list[Mark], int]:
    """The largest marks of a part of the map whose grid has cells of so many degrees, and how many there are in all."""
    meridians = "longitude >= %(west)s {} longitude <= %(east)s".format("OR" if box.goes_across else "AND")
    asked = {"south": box.south, "north": box.north, "west": box.west, "east": box.east, "cell": cell, "most": most}
    rows = _rows(customers, _MARKS.format(edge=MERCATOR_EDGE, meridians=meridians), asked)
    found = [
        Mark(int(number), Point(lat, lon), Box(south, west, north, east), city, cities)
        for number, lat, lon, south, west, north, east, city, cities, _all in rows
    ]
    joined = _joined(found, cell)
    return joined, rows[0][-1] - len(found) + len(joined) if rows else 0


def _joined(found: list[Mark], cell: float) -> list[Mark]:
    """Two on either side of a line of the grid, and nearly on each other, are one: the larger takes the smaller."""
    kept: dict[tuple[int, int], list[int]] = {}
    marks: list[Mark] = []
    for mark in found:
        x, y = mark.point.longitude / cell, mercator(mark.point.latitude) / cell
        column, row = math.floor(x), math.floor(y)
        near = [one for dx in (-1, 0, 1) for dy in (-1, 0, 1) for one in kept.get((column + dx, row + dy), ())]
        for place in near:
            other = marks[place].point
            if math.hypot(other.longitude / cell - x, mercator(other.latitude) / cell - y) < TOO_NEAR:
                marks[place] = marks[place].with_another(mark)
                break
        else:
            kept.setdefault((column, row), []).append(len(marks))
            marks.append(mark)
    return marks


def mercator(latitude: float) -> float:
    """In degrees of the map's height, as the statement counts."""
    edge = max(-MERCATOR_EDGE, min(MERCATOR_EDGE, latitude))
    return math.degrees(math.asinh(math.tan(math.radians(edge))))


def towns(customers: Any, most: int = TOWNS) -> Towns:
    """Each city with how many customers are there, the largest first."""
    sides: dict[bool, list[Town]] = {True: [], False: []}
    of_all: dict[bool, tuple[int, int]] = {}
    whole: Box | None = None
    for city, country, is_known, known, number, south, west, north, east, there, count, *edges in _rows(
        customers, _TOWNS, {"most": most}
    ):
        sides[is_known].append(
            Town(city, country, known, int(number), Box(south, west, north, east) if is_known else None)
        )
        of_all[is_known] = (int(there), count)
        whole = Box(*edges) if is_known else whole
    (on_map, known_towns), (off_map, unknown_towns) = of_all.get(True, (0, 0)), of_all.get(False, (0, 0))
    further = (known_towns - len(sides[True]), unknown_towns - len(sides[False]))
    return Towns(sides[True], sides[False], on_map, off_map, *further, whole)


def _rows(customers: Any, sql: str, asked: dict[str, Any]) -> list[Any]:
    if customers.query.distinct:
        customers = Customer._base_manager.filter(pk__in=customers.values("pk"))
    try:
        inner, params = customers.order_by().values("city", "country", "latitude", "longitude").query.sql_with_params()
    except EmptyResultSet:
        return []
    named = {f"_{place}": value for place, value in enumerate(params)}
    names = iter(named)
    inner = re.sub("%[%s]", lambda found: f"%({next(names)})s" if found[0] == "%s" else found[0], inner)
    with connection.cursor() as cursor:
        cursor.execute(_TOLD.format(customers=inner) + sql, asked | named)
        return cursor.fetchall()
