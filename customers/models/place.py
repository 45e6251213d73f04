"""Cities as they are written on customers, each with where it is, or why nobody knows."""

from __future__ import annotations

from typing import Any, Self

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Each pair once, by steps through the index: of a million customers only as many are touched as there are cities.
_PAIRS = """WITH RECURSIVE pairs AS (
        (SELECT city, country FROM customers_customer WHERE deleted_at IS NULL AND city <> ''
         ORDER BY city, country LIMIT 1)
        UNION ALL
        SELECT further.city, further.country FROM pairs CROSS JOIN LATERAL (
            SELECT city, country FROM customers_customer
            WHERE deleted_at IS NULL AND city <> '' AND (city, country) > (pairs.city, pairs.country)
            ORDER BY city, country LIMIT 1) AS further)"""


class PlaceQuerySet(models.QuerySet["Place"]):
    def found(self) -> Self:
        return self.filter(state=Place.State.FOUND)

    def of(self, customer: Any) -> Self:
        return self.filter(city=customer.city, country=customer.country)


class Place(models.Model):
    """One city in the words of whoever wrote it down; actions/places.py looks it up once for all its customers."""

    class State(models.TextChoices):
        FOUND = "found", pgettext_lazy("place", "found")
        AMBIGUOUS = "ambiguous", pgettext_lazy("place", "several places have this name")
        UNKNOWN = "unknown", pgettext_lazy("place", "unknown")

    city = models.CharField(_("city"), max_length=100)
    country = models.CharField(_("country"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    name = models.CharField(_("found as"), max_length=200, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    source = models.CharField(_("source"), max_length=60)  # which list it was looked up in
    looked_up_at = models.DateTimeField(_("looked up"))

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["city", "country"]
        constraints = [
            models.UniqueConstraint(fields=["city", "country"], name="place_once"),
            models.CheckConstraint(condition=~Q(city=""), name="place_has_a_city"),
            models.CheckConstraint(
                condition=Q(state="found", latitude__isnull=False, longitude__isnull=False)
                | (~Q(state="found") & Q(latitude=None, longitude=None)),
                name="place_found_has_coordinates",
            ),
            models.CheckConstraint(
                condition=Q(latitude=None) | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="place_is_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.city, self.country]))


def not_looked_up() -> list[tuple[str, str]]:
    """City and country of customers that nobody has looked up yet."""
    return _pairs("SELECT city, country FROM pairs EXCEPT SELECT city, country FROM customers_place ORDER BY 1, 2")


def not_written_any_more() -> list[int]:
    sql = """SELECT id FROM customers_place WHERE (city, country) NOT IN (SELECT city, country FROM pairs)"""
    return [row[0] for row in _pairs(sql)]


def _pairs(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_PAIRS} {sql}")
        return cursor.fetchall()
