"""Points on the earth, how far apart they are, and boxes around them. Plain arithmetic, and the same in SQL."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import FloatField, Q, Value
from django.db.models.functions import ASin, Cast, Cos, Radians, Sin, Sqrt

EARTH_KM = 6371.0088  # the mean radius, IUGG 1980; the sphere is off by at most 0.56 % of the ellipsoid
HIGHEST, WIDEST = 90, 180
EXACT = Decimal("0.000001")  # as coordinates are kept: a tenth of a metre


@dataclass(frozen=True)
class Point:
    latitude: float
    longitude: float

    def __str__(self) -> str:
        return f"{self.latitude:.4f}, {self.longitude:.4f}"

    @property
    def is_on_earth(self) -> bool:
        return abs(self.latitude) <= HIGHEST and abs(self.longitude) <= WIDEST


@dataclass(frozen=True)
class Box:
    """Between two parallels and two meridians; one whose west is east of its east goes across the 180th meridian."""

    south: float
    west: float
    north: float
    east: float

    def __str__(self) -> str:
        return f"{self.south:.4f}, {self.west:.4f} – {self.north:.4f}, {self.east:.4f}"

    @property
    def is_on_earth(self) -> bool:
        corners = (Point(self.south, self.west), Point(self.north, self.east))
        return all(corner.is_on_earth for corner in corners) and self.south <= self.north

    @property
    def goes_across(self) -> bool:
        return self.west > self.east

    def condition(self) -> Q:
        """On `latitude` and `longitude`, so that an index of theirs finds it."""
        between = Q(latitude__gte=exact(self.south), latitude__lte=exact(self.north))
        west, east = Q(longitude__gte=exact(self.west)), Q(longitude__lte=exact(self.east))
        return between & (west | east if self.goes_across else west & east)


def exact(value: float | Decimal) -> Decimal:
    return Decimal(str(value)).quantize(EXACT)


def distance_km(one: Point, other: Point) -> float:
    """Along the great circle, by the haversine formula, which is exact for small distances too."""
    lat1, lat2 = math.radians(one.latitude), math.radians(other.latitude)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, chord)))


def distance_sql(point: Point) -> Any:
    """The same as an expression on a row's `latitude` and `longitude`."""
    latitude, longitude = Radians(Cast("latitude", FloatField())), Radians(Cast("longitude", FloatField()))
    lat, lon = math.radians(point.latitude), math.radians(point.longitude)
    half_lat = Sin((latitude - Value(lat, FloatField())) / 2.0)
    half_lon = Sin((longitude - Value(lon, FloatField())) / 2.0)
    chord = half_lat * half_lat + Value(math.cos(lat), FloatField()) * Cos(latitude) * half_lon * half_lon
    return ASin(Sqrt(chord)) * Value(2 * EARTH_KM, FloatField())


def around(point: Point, km: float) -> Box:
    """The box that a circle touches from within; near a pole it takes every meridian."""
    angle = km / EARTH_KM
    north, south = point.latitude + math.degrees(angle), point.latitude - math.degrees(angle)
    if north >= HIGHEST or south <= -HIGHEST:
        return Box(max(south, -HIGHEST), -WIDEST, min(north, HIGHEST), WIDEST)
    aside = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(point.latitude)))))
    return Box(south, _turned(point.longitude - aside), north, _turned(point.longitude + aside))


def _turned(longitude: float) -> float:
    return (longitude + WIDEST) % (2 * WIDEST) - WIDEST if abs(longitude) > WIDEST else longitude
