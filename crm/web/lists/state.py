"""What a person asked of a list, read from the address: everything is looked up in what the list declares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import QueryDict

from crm.web.lists import asked_parts

if TYPE_CHECKING:
    from crm.models import SavedView
    from crm.web.lists.base import List

ALL = "all"  # the tab without a saved view, where one of them is the default
PASSING = ("after", "before", "filters")  # of this one request, not of the arrangement
RANGE_ENDINGS = ("_min", "_max", "_after", "_before")  # the two parameters of a range filter


@dataclass
class State:
    """The arrangement of a list. `view` is the saved view it started from; `changed` says it has moved on since."""

    filters: QueryDict
    q: str
    sort: str
    columns: list[str]
    view: SavedView | None = None
    changed: bool = False
    on_all: bool = False
    after: str = ""
    before: str = ""
    unknown_view: bool = False
    is_closed: bool = False  # it names what the reader's roles hide, and is shown without
    filters_open: bool = False
    parts: list[str] = field(default_factory=list)  # only the rows of these parts: asked_parts.py
    unknown_part: bool = False
    chosen_columns: list[str] = field(default_factory=list)  # those the address names, not the remembered ones

    def query(self, *, without: Iterable[str] = (), **changes: Any) -> str:
        """The address of this arrangement with some of it changed; places in the list are not kept."""
        params = QueryDict(mutable=True)
        if self.view:
            params["view"] = str(self.view.pk)
        elif self.on_all:
            params["view"] = ALL
        params.update(self.arrangement())
        for name in without:
            params.pop(name, None)
        for name, value in changes.items():
            params.setlist(name, value if isinstance(value, list) else [value])
        return params.urlencode()

    def arrangement(self) -> QueryDict:
        """Search, filters, parts, order and columns: what a saved view keeps."""
        params = QueryDict(mutable=True)
        if self.q:
            params["q"] = self.q
        for name, values in self.filters.lists():
            params.setlist(name, values)
        if self.parts:
            params.setlist(asked_parts.PARAM, self.parts)
        params["sort"] = self.sort
        if self.chosen_columns:
            params["columns"] = ",".join(self.chosen_columns)
        return params

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.filters or self.parts)


def read(list_class: type[List], params: QueryDict, views: list[SavedView], remembered: list[str]) -> State:
    """The state an address stands for. An address that says nothing opens the default view."""
    asked = params.get("view", "")
    said = [name for name in params if name not in ("view", *PASSING)]
    view = next((known for known in views if str(known.pk) == asked), None)
    has_default = any(known.is_default for known in views)
    if view is None and not asked and not said:
        view = next((known for known in views if known.is_default), None)
    source = QueryDict(view.query) if view and not said else params
    state = _arranged(list_class, source, remembered)
    state.view = view
    state.on_all = view is None and has_default
    state.changed = bool(view and said and _differs(list_class, state, view, remembered))
    state.after, state.before = params.get("after", ""), params.get("before", "")
    state.filters_open = params.get("filters") == "open"
    state.unknown_view = bool(asked and asked != ALL and view is None)
    return state


def _arranged(list_class: type[List], source: QueryDict, remembered: list[str]) -> State:
    filters = QueryDict(mutable=True)
    for name, values in source.lists():
        given = [value for value in values if value != ""]
        if given and list_class.is_filter_param(name):
            filters.setlist(name, given)
    chosen = list_class.known_columns(source.get("columns", "").split(","))
    sort = source.get("sort", "")
    closed = list_class.closed_names()
    named = {*source.get("columns", "").split(","), *source, *map(_bare, source), sort.removeprefix("-")}
    return State(
        filters=filters,
        q=" ".join(source.get("q", "").replace("\x00", "").split())[:200],
        sort=sort if sort in list_class.sort_codes() else list_class.default_sort,
        columns=chosen or list_class.known_columns(remembered) or list(list_class.shown_by_default()),
        chosen_columns=chosen,
        parts=[part for part in source.getlist(asked_parts.PARAM) if part][: asked_parts.MOST_ASKED],
        is_closed=bool(closed & named),
    )


def _bare(name: str) -> str:
    """A filter's name, of either of its two parameters."""
    return next((name.removesuffix(ending) for ending in RANGE_ENDINGS if name.endswith(ending)), name)


def _differs(list_class: type[List], state: State, view: SavedView, remembered: list[str]) -> bool:
    stored = _arranged(list_class, QueryDict(view.query), remembered)
    return dict(stored.arrangement().lists()) != dict(state.arrangement().lists())
