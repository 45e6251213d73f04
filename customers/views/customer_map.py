"""Customers on a map: the same rows, filters and saved views as their list, drawn where they are."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.lists.paging import Count, Page
from crm.web.lists.presenting import Presented
from customers.lists.customers import CustomerList
from customers.lists.near import km_of
from customers.models import position
from customers.models.geo import Box, Point, around, distance_km

CLOSEST = 14  # zoom, each step twice as near; a city's own position says no more
CELL = 56  # pixels: marks this close together become one
TILE = 256  # pixels that show the world at zoom 0
WORLD = Box(-90, -180, 90, 180)


class CustomerMap(CustomerList):
    """The page; and for each part of the map that somebody looks at, its marks (`?marks=zoom&seen=…`)."""

    template_name = "customers/map/page.html"

    def address(self, part: str = "", *args: Any) -> str:
        return super().address(part, *args) if part else reverse("customer-map")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        guards.require(request.user, self.kind, Verb.VIEW)
        state = self.read_state(request.GET)
        customers, filterset = self.matching(state)
        if "marks" in request.GET:
            return self.marks(state, customers)
        towns = position.towns(customers)
        near = Near.of(filterset)
        shown = Presented(self, state, NO_ROWS, Count(towns.on_map + towns.off_map), filterset)
        context = {
            "list": shown,
            "towns": sorted((Line(self, state, town, near) for town in towns.known), key=lambda line: line.km or 0),
            "unknown": [Line(self, state, town, None) for town in towns.unknown],
            "counts": towns,
            "box": near.box if near else towns.box,
            "near": near,
            "list_url": f"{reverse('customer-list')}?{state.query()}",
            "tiles": {"url": settings.MAP_TILES, "attribution": settings.MAP_ATTRIBUTION},
        }
        is_part = request.headers.get("HX-Target", "").endswith("#list")
        template = "customers/map/_map.html" if is_part else self.template_name
        return _with_tiles(render(request, template, context, status=422 if shown.refusals else 200))

    def marks(self, state: Any, customers: Any) -> JsonResponse:
        zoom, box = _zoom(self.request.GET["marks"]), _box(self.request.GET.get("seen", ""))
        found, count = position.marks(customers, box, 360 * CELL / (TILE * 2**zoom))
        more = ""
        if count > len(found):
            more = _("The %(shown)s largest of %(count)s marks are shown: go nearer to see the others.") % {
                "shown": number_format(len(found)), "count": number_format(count, force_grouping=True),
            }  # fmt: skip
        return JsonResponse({"marks": [self._mark(state, mark) for mark in found], "more": more})

    def _mark(self, state: Any, mark: position.Mark) -> dict[str, Any]:
        return {
            "at": [round(mark.point.latitude, 5), round(mark.point.longitude, 5)],
            "number": mark.number,
            "name": mark.city,
            "label": _label(mark),
            "url": _opened(state, mark.box),
            "box": [mark.box.south, mark.box.west, mark.box.north, mark.box.east],
        }


class Near:
    """The point that customers are looked for around, as the filters say."""

    def __init__(self, name: str, point: Point, km: int) -> None:
        self.name, self.point, self.km = name, point, km

    @classmethod
    def of(cls, filterset: Any) -> Near | None:
        given = getattr(filterset.form, "cleaned_data", {}) if filterset is not None else {}
        if customer := given.get("near_customer"):
            return cls(str(customer), customer.point, km_of(filterset))
        return cls("", point, km_of(filterset)) if (point := given.get("near_point")) else None

    @property
    def box(self) -> Box:
        return around(self.point, self.km)


class Line:
    """One city of the list beside the map."""

    def __init__(self, source: Any, state: Any, town: position.Town, near: Near | None) -> None:
        self.source, self.state, self.town, self.near = source, state, town, near

    @property
    def name(self) -> str:
        return str(self.town) or _("Coordinates without a city")

    @property
    def number(self) -> int:
        return self.town.number

    @property
    def url(self) -> str:
        town = self.town
        if town.box is not None and (town.known == position.Known.GIVEN or not town.country):
            return _opened(self.state, town.box)
        asked = {"city": town.city, "country": town.country} if town.city else {}
        asked |= {} if town.box else {"on_map": town.known}
        return f"{reverse('customer-list')}?{self.state.query(**{name: text for name, text in asked.items() if text})}"

    @cached_property
    def km(self) -> float | None:
        """From the point that is asked around, to the middle of the city's customers."""
        if self.near is None or self.town.box is None:
            return None
        box = self.town.box
        middle = Point((box.south + box.north) / 2, (box.west + box.east) / 2)
        return round(distance_km(self.near.point, middle), 1)


NO_ROWS = Page(rows=[], before="", after="", is_first=True)


def _label(mark: position.Mark) -> str:
    said = {"city": mark.city or _("Coordinates without a city"), "number": number_format(mark.number)}
    if mark.cities == 1:
        return ngettext("%(city)s: %(number)s customer", "%(city)s: %(number)s customers", mark.number) % said
    further = mark.cities - 1
    return ngettext(
        "%(city)s and %(further)s more city: %(number)s customers",
        "%(city)s and %(further)s more cities: %(number)s customers",
        further,
    ) % {**said, "further": further}


def _opened(state: Any, box: Box) -> str:
    """The customers of a part of the map, as a list."""
    area = ",".join(f"{edge:.6f}" for edge in (box.south, box.west, box.north, box.east))
    return f"{reverse('customer-list')}?{state.query(area=area)}"


def _zoom(text: str) -> int:
    return min(int(text), CLOSEST) if text.isdecimal() and len(text) < 4 else 0


def _box(text: str) -> Box:
    try:
        box = Box(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        return WORLD
    return box if box.is_on_earth else WORLD


def _with_tiles(response: HttpResponse) -> HttpResponse:
    """Where the organisation named a server of map pictures, this one page may load them from it."""
    if settings.MAP_TILES:
        parts = urlsplit(settings.MAP_TILES)
        response._csp_update = {"img-src": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
        response["Referrer-Policy"] = "strict-origin-when-cross-origin"  # such servers ask who they draw for
    return response
