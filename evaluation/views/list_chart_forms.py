"""The form of a tile that is a chart of a list: first which list, then what that list can be divided by."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, QueryDict

from crm.models import SavedView
from crm.models.sharing import teams_above
from crm.web.lists.base import List
from crm.web.lists.grouping import groupings
from evaluation.forms.dashboards import list_choices
from evaluation.forms.list_charts import ListChartForm
from evaluation.models.tile import Tile, TileKind
from evaluation.views.tile_kinds.parts_of_lists import measured
from evaluation.views.tile_kinds.records import lists_of, title_of


def charted(user: Any) -> dict[str, type[List]]:
    """The lists that can be drawn, by address name."""
    return {name: declared for name, declared in lists_of(user).items() if groupings(declared)}


def offered(user: Any) -> list[Any]:
    """Each list with the saved views this person has of it."""
    return list_choices(user, {name: title_of(declared) for name, declared in charted(user).items()})


def said_list(request: HttpRequest, held: Tile | None) -> str:
    """The list or saved view a tile is to be of; empty while none is chosen, or where it is not there any more."""
    said = request.GET.get("list", "") or (held.settings.get("list", "") if held else "")
    name, _colon, view = said.partition(":")
    if "lists" in request.GET or name not in charted(request.user):
        return ""
    return said if not view or _view(request.user, said) else ""


def form(request: HttpRequest, kind: TileKind, held: Tile | None, of: str, data: Any = None) -> ListChartForm:
    name, _colon, view = of.partition(":")
    declared = charted(request.user)[name]
    is_same = held is not None and held.settings.get("list") == of
    asked = data if data is not None else QueryDict(held.settings.get("filter", "") if held and is_same else "")
    return ListChartForm(
        data, kind=kind, user=request.user, lists={}, tile=held, of=of,
        divisions={code: found.label for code, found in groupings(declared).items()},
        measures={code: column.label for code, column in measured(declared).items()},
        filterset=None if view else _filterset(request, declared, asked),
    )  # fmt: skip


def called(user: Any, of: str) -> str:
    """The list, and the saved view where it is one."""
    name, _colon, view = of.partition(":")
    title = title_of(charted(user)[name])
    found = _view(user, of) if view else None
    return f"{title} › {found.name}" if found else title


def _filterset(request: HttpRequest, declared: type[List], asked: QueryDict) -> Any:
    if declared.filterset_class is None:
        return None
    opened = declared()
    opened.setup(request)
    return declared.filterset_class(asked, queryset=opened.get_queryset(), request=request)


def _view(user: Any, of: str) -> SavedView | None:
    name, _colon, key = of.partition(":")
    seen = SavedView.objects.visible_to(user).meant_for(user.pk, teams_above(user))
    return seen.filter(list_code=name, pk=key).first() if key.isdecimal() and len(key) < 19 else None
