from __future__ import annotations

import copy
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import kinds
from crm.access.permissions import Verb
from crm.web.lists import registry
from crm.web.lists.base import List
from crm.web.lists.presenting import Presented
from crm.web.lists.state import State
from evaluation.models.tile import Tile, TileKind, Width, register
from evaluation.views.tile_kinds.viewer import NothingToShow, Viewer

COLUMNS = {1: 2, 2: 4, 3: 6}  # by width in thirds


def lists_of(user: Any) -> dict[str, type[List]]:
    """The lists a person may open, by address name."""
    return {
        name: declared
        for name, declared in registry.all_lists().items()
        if not declared.is_nested and user.access.may(declared.kind, Verb.VIEW)
    }


def title_of(declared: type[List]) -> str:
    return capfirst(str(declared.title or kinds.get(declared.kind).label_plural))


class Records(TileKind):
    """Of a list, or of a saved view of it, as whoever looks would find it."""

    def heading(self, tile: Tile) -> str:
        declared = registry.all_lists().get(tile.settings.get("list", "").partition(":")[0])
        return title_of(declared) if declared else str(self.label)

    def opened(self, tile: Tile, viewer: Viewer) -> tuple[List, State]:
        name, _colon, view = tile.settings.get("list", "").partition(":")
        declared = lists_of(viewer.user).get(name)
        if declared is None:
            raise NothingToShow(_("There is no such list, or it is not yours to see."))
        found, request = declared(), copy.copy(viewer.request)
        request.GET = self.asked(tile.settings, declared, view)  # type: ignore[assignment]
        found.setup(request)
        state = found.read_state(request.GET)
        if state.unknown_view:
            raise NothingToShow(_("This saved view does not exist any more, or is not shared with you."))
        return found, state

    def asked(self, said: dict[str, Any], declared: type[List], view: str) -> QueryDict:
        """What of the list: as it opens, or a saved view."""
        return QueryDict(f"view={view}" if view else "")

    def presented(self, opened: List, state: State, size: int) -> Presented:
        """The first rows, or none; and how many there are altogether."""
        shown = opened.presented(state, size)
        if shown.refusals:
            raise NothingToShow(_("This view asks for something that does not exist any more."))
        return shown

    def about(self, shown: Presented) -> dict[str, Any]:
        called = shown.view.name if shown.view else shown.title
        return {"list": shown, "url": shown.link(), "called": called}


@register
class Table(Records):
    code = "table"
    order = 50
    label = gettext_lazy("Table")
    meaning = gettext_lazy("The first rows of a list or a saved view.")
    icon = "table"
    parts = ("list", "rows")
    template = "evaluation/tile/_table.html"
    width = Width.FULL.value

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        opened, state = self.opened(tile, viewer)
        state.columns = state.columns[: COLUMNS[tile.thirds]]
        return self.about(self.presented(opened, state, tile.settings.get("rows") or 5))


@register
class RecordCount(Records):
    code = "count"
    order = 60
    label = gettext_lazy("Count")
    meaning = gettext_lazy("How many records a list or a saved view holds.")
    icon = "list"
    parts = ("list",)
    template = "evaluation/tile/_count.html"

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        opened, state = self.opened(tile, viewer)
        return self.about(self.presented(opened, state, 0))
