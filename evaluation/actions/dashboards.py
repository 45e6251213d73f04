"""Dashboards that people compose: each write is checked, noted as an event, and safe to repeat."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.actions import records
from crm.models import StaleVersion, Team
from crm.models.sharing import Audience, audiences_open_to
from evaluation import kpis
from evaluation.engine import scopes
from evaluation.engine.watched import Watch
from evaluation.models import Dashboard, HomeDashboard
from evaluation.models.tile import LONGEST_TITLE, Tile, When, Width, checked, moved, placed


def create(
    *, name: str, audience: str = Audience.PERSONAL, like: Dashboard | None = None, by: Any, at: datetime
) -> Dashboard:
    """A new dashboard, empty or with the tiles of another."""
    _check_audience(by, audience)
    tiles = [_with_new_id(tile).as_json() for tile in like.all_tiles] if like else []
    team = by.team if audience == Audience.TEAM else None
    return records.create(
        Dashboard(name=name, audience=audience, tiles=tiles, owner=by, team=team), by=by, at=at,
        data={"copied_from": records.as_json(like)} if like else None,
    )  # fmt: skip


def change(
    dashboard: Dashboard, changes: dict[str, Any], *, by: Any, at: datetime, version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Dashboard:  # fmt: skip
    """Rename it, or share it otherwise."""
    audience = changes.get("audience", dashboard.audience)
    if audience != dashboard.audience:
        _check_audience(by, audience)
        changes = {**changes, "team": by.team if audience == Audience.TEAM else None}
    return records.update(dashboard, changes, by=by, at=at, version=version, base=base)


def delete(dashboard: Dashboard, *, by: Any, at: datetime) -> Dashboard:
    return records.delete(dashboard, by=by, at=at)


def restore(dashboard: Dashboard, *, by: Any, at: datetime) -> Dashboard:
    return records.restore(dashboard, by=by, at=at)


@transaction.atomic
def add_tile(
    dashboard: Dashboard, *, kind: str, settings: dict[str, Any], title: str = "", width: str = Width.THIRD, by: Any,
    at: datetime,
) -> Dashboard:  # fmt: skip
    """Behind the others, whoever changed those meanwhile."""
    locked = _locked(dashboard)
    new = Tile(_new_id(), kind, _title(title), _width(width), checked(kind, settings))
    return _arrange(locked, [*locked.all_tiles, new], by, at)


@transaction.atomic
def change_tile(
    dashboard: Dashboard, tile_id: str, *, settings: dict[str, Any], title: str, width: str, version: int, by: Any,
    at: datetime,
) -> Dashboard:  # fmt: skip
    """Refused with StaleVersion where somebody else changed or removed this very tile meanwhile."""
    locked = _locked(dashboard)
    tile = _unchanged(locked, tile_id, version)
    new = tile.changed(_title(title), _width(width), checked(tile.kind, settings))
    return _arrange(locked, [new if one.id == tile_id else one for one in locked.all_tiles], by, at)


@transaction.atomic
def remove_tile(dashboard: Dashboard, tile_id: str, *, version: int, by: Any, at: datetime) -> Dashboard:
    """Removing it twice does nothing."""
    locked = _locked(dashboard)
    if locked.tile(tile_id) is None:
        return locked
    _unchanged(locked, tile_id, version)
    return _arrange(locked, [one for one in locked.all_tiles if one.id != tile_id], by, at)


@transaction.atomic
def move_tile(dashboard: Dashboard, tile_id: str, way: str, *, version: int, by: Any, at: datetime) -> Dashboard:
    """`version` is the dashboard's: an order that somebody else changed meanwhile is looked at again first."""
    locked = _locked(dashboard)
    if locked.version != version:
        raise StaleVersion(locked, ["tiles"])
    return _arrange(locked, moved(locked.all_tiles, tile_id, way), by, at)


@transaction.atomic
def place_tile(dashboard: Dashboard, tile_id: str, before: str, *, version: int, by: Any, at: datetime) -> Dashboard:
    """In front of another tile, or at the end. Where it stands there already, whoever put it there, nothing is done."""
    locked = _locked(dashboard)
    tiles = placed(locked.all_tiles, tile_id, before)
    is_gone = locked.tile(tile_id) is None or (before and locked.tile(before) is None)
    if tiles == locked.all_tiles and not is_gone:
        return locked
    if locked.version != version:
        raise StaleVersion(locked, ["tiles"])
    return _arrange(locked, tiles, by, at)


def choose_home(dashboard: Dashboard, *, by: Any) -> None:
    """It opens first for this person from now on."""
    HomeDashboard.objects.update_or_create(user=by, defaults={"dashboard": dashboard})


def leave_home(dashboard: Dashboard, *, by: Any) -> None:
    HomeDashboard.objects.filter(user=by, dashboard=dashboard).delete()


def watches(now: datetime) -> Iterable[Watch]:
    """What tiles need measured that is the same for every viewer: the company's and teams' numbers."""
    known = {kpi.code: kpi for kpi in kpis.all_kpis()}
    teams = {str(team.pk): scopes.of_team(team) for team in Team.objects.all()}
    for tile in [tile for dashboard in Dashboard.objects.alive() for tile in dashboard.all_tiles]:
        kpi, said = known.get(tile.settings.get("kpi", "")), tile.settings
        scope = scopes.COMPANY if said.get("scope") == "company" else teams.get(said.get("scope", "")[5:])
        if kpi is None or scope is None or said.get("segment") or said.get("by"):
            continue
        if scope.is_company or scope.kind in kpi.dimensions:
            yield Watch(kpi, scope, When(said["period"]).period_kind)


def _locked(dashboard: Dashboard) -> Dashboard:
    found: Dashboard = Dashboard._base_manager.select_for_update(of=("self",)).get(pk=dashboard.pk)
    return found


def _unchanged(dashboard: Dashboard, tile_id: str, version: int) -> Tile:
    tile = dashboard.tile(tile_id)
    if tile is None or tile.version != version:
        raise StaleVersion(dashboard, ["tiles"])
    return tile


def _arrange(dashboard: Dashboard, tiles: list[Tile], by: Any, at: datetime) -> Dashboard:
    return records.update(dashboard, {"tiles": [tile.as_json() for tile in tiles]}, by=by, at=at)


def _check_audience(by: Any, audience: str) -> None:
    if audience not in dict(audiences_open_to(by, Dashboard.kind)):
        raise PermissionDenied(_("Your role does not allow sharing a dashboard that far."))


def _title(text: str) -> str:
    title = " ".join(str(text).replace("\x00", "").split())
    if len(title) > LONGEST_TITLE:
        raise ValidationError({"title": _("A title has at most %(count)s characters.") % {"count": LONGEST_TITLE}})
    return title


def _width(width: str) -> str:
    if width not in Width.values:
        raise ValidationError({"width": _("Choose one of those offered.")})
    return str(width)


def _new_id() -> str:
    return secrets.token_hex(4)


def _with_new_id(tile: Tile) -> Tile:
    return Tile(_new_id(), tile.kind, tile.title, tile.width, tile.settings)
