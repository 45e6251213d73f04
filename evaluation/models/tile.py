"""A tile of a dashboard: what it shows, of when, of whom, and how wide. Plain values, kept as JSON in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from evaluation import kpis
from evaluation.formulas import periods
from evaluation.formulas.periods import Period

MOST_TILES = 24
LONGEST_TITLE = 80
LONGEST_TEXT = 2000
COUNTED = "count"  # what a chart of a list measures, where it adds nothing up
NEW = "new"  # in an address: the tile that is being added
OWN_SCOPES = ("widest", "company", "me", "my_team")  # each means what it means for whoever looks
_SCOPE = re.compile(rf"{'|'.join(OWN_SCOPES)}|team:[1-9]\d{{0,17}}")
_KEY = re.compile(r"[1-9]\d{0,17}")


class Width(models.TextChoices):
    THIRD = "third", _("One third")
    TWO_THIRDS = "two_thirds", _("Two thirds")
    FULL = "full", _("Full width")

    @property
    def thirds(self) -> int:
        return {"third": 1, "two_thirds": 2, "full": 3}[self.value]


class When(models.TextChoices):
    """A period as seen from the day somebody looks."""

    MONTH = "month", _("this month")
    LAST_MONTH = "last_month", _("last month")
    QUARTER = "quarter", _("this quarter")
    LAST_QUARTER = "last_quarter", _("last quarter")
    HALF = "half", _("this half-year")
    LAST_HALF = "last_half", _("last half-year")
    YEAR = "year", _("this year")
    LAST_YEAR = "last_year", _("last year")

    @property
    def period_kind(self) -> str:
        return self.value.removeprefix("last_")

    def period_on(self, day: date) -> Period:
        current = periods.containing(self.period_kind, day)
        return current.previous() if self.value.startswith("last_") else current


@dataclass(frozen=True)
class Tile:
    """`version` counts its changes, so that two people who change different tiles do not stand in each other's way."""

    id: str
    kind: str
    title: str = ""
    width: str = Width.THIRD.value
    settings: dict[str, Any] = field(default_factory=dict)
    version: int = 1

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Tile:
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def thirds(self) -> int:
        return Width(self.width).thirds if self.width in Width.values else 1

    def changed(self, title: str, width: str, settings: dict[str, Any]) -> Tile:
        """The same tile said otherwise; itself where nothing is different."""
        new = replace(self, title=title, width=width, settings=settings)
        return new if new == self else replace(new, version=self.version + 1)


class TileKind:
    """One sort of tile. Subclasses stand in evaluation/views/tile_kinds and are registered there.

    `parts` names what has to be said of such a tile, each checked by the function of that name in PARTS.
    """

    code: ClassVar[str]
    order: ClassVar[int]  # among those offered
    label: ClassVar[Any]
    meaning: ClassVar[Any]
    icon: ClassVar[str]
    parts: ClassVar[tuple[str, ...]]
    template: ClassVar[str]
    width: ClassVar[str] = Width.THIRD.value  # suggested

    def heading(self, tile: Tile) -> str:
        """What it is called where nobody gave it a title, as far as that can be said without asking anything."""
        code = tile.settings.get("kpi", "")
        return str(kpis.get(code).name) if code in {kpi.code for kpi in kpis.all_kpis()} else str(self.label)

    def content(self, tile: Tile, viewer: Any) -> dict[str, Any]:
        """What its template shows to this viewer."""
        raise LookupError(self.code)


_kinds: dict[str, TileKind] = {}


def register(kind: type[TileKind]) -> type[TileKind]:
    _kinds[kind.code] = kind()
    return kind


def all_kinds() -> list[TileKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.order)


def kind_of(code: str) -> TileKind | None:
    return _kinds.get(code)


# What is said of a tile --------------------------------------------------------------------------------------------


def _chosen(choices: Iterable[Any]) -> Callable[[Any], Any]:
    known = list(choices)

    def check(value: Any) -> Any:
        if value not in known:
            raise ValidationError(_("Choose one of those offered."))
        return value

    return check


def _shaped(pattern: re.Pattern[str], *, optional: bool = False) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = "" if value is None else str(value)
        if not (pattern.fullmatch(text) or (optional and not text)):
            raise ValidationError(_("Choose one of those offered."))
        return text

    return check


def _kpi(value: Any) -> str:
    if value not in {kpi.code for kpi in kpis.all_kpis()}:
        raise ValidationError(_("There is no such KPI."))
    return str(value)


def _text(value: Any) -> str:
    text = str(value or "").replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise ValidationError(_("Write something."))
    if len(text) > LONGEST_TEXT:
        raise ValidationError(_("A note has at most %(count)s characters."), params={"count": LONGEST_TEXT})
    return text


def _query(value: Any) -> str:
    """What a list is asked, as in its address; what of it the list does not know is not asked."""
    text = str(value or "")
    if len(text) > LONGEST_TEXT or not text.isascii() or not text.isprintable():
        raise ValidationError(_("This filter cannot be used."))
    return text


PARTS: dict[str, Callable[[Any], Any]] = {
    "kpi": _kpi,
    "period": _chosen(When.values),
    "scope": _shaped(_SCOPE),
    "segment": _shaped(_KEY, optional=True),
    "periods": _chosen((6, 12, 24)),
    "by": _shaped(re.compile(r"[a-z_]{1,20}")),
    "goal": _shaped(_KEY),
    "list": _shaped(re.compile(r"[a-z-]{1,60}(:[1-9]\d{0,17})?")),  # a list, or a saved view of it
    "rows": _chosen((5, 10)),
    "divided_by": _shaped(re.compile(r"[a-z0-9_]{1,80}(\.(month|week))?")),  # a column of the list
    "measure": _shaped(re.compile(rf"{COUNTED}|sum:[a-z0-9_]{{1,80}}")),
    "filter": _query,
    "text": _text,
}


def checked(kind_code: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a tile of this kind, each in its form; ValidationError names what is wrong."""
    kind = kind_of(kind_code)
    if kind is None:
        raise ValidationError(_("There is no such kind of tile."))
    found, errors = {}, {}
    for part in kind.parts:
        try:
            found[part] = PARTS[part](said.get(part))
        except ValidationError as error:
            errors[part] = error
    if "kpi" in found:
        errors |= _against(kpis.get(found["kpi"]), found)
    if errors:
        raise ValidationError(errors)
    return found


def _against(kpi: kpis.Kpi, said: Mapping[str, Any]) -> dict[str, ValidationError]:
    """What the KPI itself does not allow."""
    errors = {}
    scope = {"me": "person", "my_team": "team"}.get(said.get("scope", ""), said.get("scope", "").partition(":")[0])
    if scope in ("person", "team") and scope not in kpi.dimensions:
        errors["scope"] = ValidationError(_("This KPI cannot be measured for this scope."))
    if said.get("segment") and not kpi.facts.customer:
        errors["segment"] = ValidationError(
            _("This KPI is not about customers, so it cannot be narrowed to a segment.")
        )
    if "by" in said and said["by"] not in kpi.dimensions:
        errors["by"] = ValidationError(_("This KPI cannot be broken down like that."))
    return errors


# Where it stands ---------------------------------------------------------------------------------------------------


def rows_of(tiles: list[Tile]) -> list[list[Tile]]:
    """The tiles as they lie on a wide page: as many beside each other as three thirds hold."""
    rows: list[list[Tile]] = []
    free = 0
    for tile in tiles:
        if tile.thirds > free:
            rows.append([])
            free = 3
        rows[-1].append(tile)
        free -= tile.thirds
    return rows


def moved(tiles: list[Tile], tile_id: str, way: str) -> list[Tile]:
    """One place to the left or right, or into the row above or below at the same place; at the edge it stays."""
    at = next((place for place, tile in enumerate(tiles) if tile.id == tile_id), None)
    if at is None:
        return tiles
    if way in ("left", "right"):
        to = at + (1 if way == "right" else -1)
    else:
        to = _beside_row(rows_of(tiles), at, -1 if way == "up" else 1)
    if not 0 <= to < len(tiles):
        return tiles
    rest = [tile for tile in tiles if tile.id != tile_id]
    return [*rest[:to], tiles[at], *rest[to:]]


def placed(tiles: list[Tile], tile_id: str, before: str) -> list[Tile]:
    """The tile in front of another, or at the end; as they are where either is not there."""
    known = {tile.id: tile for tile in tiles}
    if tile_id not in known or tile_id == before or (before and before not in known):
        return tiles
    rest = [tile for tile in tiles if tile.id != tile_id]
    to = next((place for place, tile in enumerate(rest) if tile.id == before), len(rest))
    return [*rest[:to], known[tile_id], *rest[to:]]


def _beside_row(rows: list[list[Tile]], at: int, step: int) -> int:
    """The place in the row above or below that is as far from its beginning; -1 where there is none."""
    starts = [sum(map(len, rows[:number])) for number in range(len(rows))]
    row = max(number for number, start in enumerate(starts) if start <= at)
    if not 0 <= row + step < len(rows):
        return -1
    return starts[row + step] + min(at - starts[row], len(rows[row + step]) - 1)
