"""A list as its template draws it: head, rows, chips, tabs and links, all in words and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.access.permissions import Verb
from crm.exchange import declaring
from crm.models import SavedView
from crm.web.lists import filters, offered
from crm.web.lists.asked_parts import PARAM, Part
from crm.web.lists.columns import Column, RowButton
from crm.web.lists.paging import Count, Page
from crm.web.lists.state import ALL, State

if TYPE_CHECKING:
    from crm.web.lists.base import List

DESCENDING_FIRST = ("ago", "moment", "day", "number", "exact", "money", "percent", "points", "duration")

CLOSING = SafeString("</td>")


@dataclass(frozen=True)
class Head:
    column: Column
    url: str
    sorted: str  # "ascending", "descending" or "", as aria-sort says it


@dataclass(frozen=True)
class Row:
    pk: int
    label: str
    select: str  # what its checkbox is called
    cells: SafeString


class Presented:
    def __init__(self, source: List, state: State, page: Page, count: Count, filterset: Any) -> None:
        self.source, self.state, self.page, self.count, self.filterset = source, state, page, count, filterset
        self.user: Any = source.request.user

    # Words ---------------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        return self.source.heading

    @cached_property
    def count_text(self) -> str:
        shown = number_format(self.count.shown, force_grouping=True)
        if not self.count.is_exact:
            return _("%(count)s+ records") % {"count": shown}
        return ngettext("%(count)s record", "%(count)s records", self.count.value) % {"count": shown}

    @property
    def bulk_total_text(self) -> str:
        return number_format(self.count.shown, force_grouping=True) + ("" if self.count.is_exact else "+")

    @cached_property
    def columns(self) -> list[Column]:
        return [self.source.column(code) for code in self.state.columns]

    @cached_property
    def heads(self) -> list[Head]:
        return [Head(column, self.sort_url(column), self.sorted_by(column)) for column in self.columns]

    def sorted_by(self, column: Column) -> str:
        codes = self.source.sort_codes()
        if not column.sort or codes[self.state.sort] != column.sort:
            return ""
        return "descending" if self.state.sort.startswith("-") else "ascending"

    def sort_url(self, column: Column) -> str:
        if not column.sort:
            return ""
        now = self.sorted_by(column)
        down = now == "ascending" or (not now and column.format in DESCENDING_FIRST)
        return self.link(sort=f"-{column.code}" if down else column.code)

    @cached_property
    def rows(self) -> list[Row]:
        """The cells as HTML already: a list is mostly cells, and going through a template for each took as long as
        everything else of the page together."""
        drawn = [(self.opening(column), column.cells(self.page.rows)) for column in self.columns]
        select, button = _("Select %(label)s"), self.row_button
        return [
            Row(
                row.pk,
                str(row),
                select % {"label": row},
                SafeString("".join([part for opening, cells in drawn for part in (opening, cells[place], CLOSING)]))
                + (button.cell(row) if button else SafeString()),
            )
            for place, row in enumerate(self.page.rows)
        ]

    @staticmethod
    def opening(column: Column) -> SafeString:
        tag = (
            '<td role="cell" data-label="{}" class="numeric">' if column.numeric else '<td role="cell" data-label="{}">'
        )
        return format_html(tag, column.label)

    # Links ---------------------------------------------------------------------------------------------------------

    @cached_property
    def url(self) -> str:
        return self.source.address()

    def link(self, **changes: Any) -> str:
        return f"{self.url}?{self.state.query(**changes)}"

    @property
    def query(self) -> str:
        return self.state.query()

    @property
    def first_url(self) -> str:
        return "" if self.page.is_first else self.link()

    @property
    def before_url(self) -> str:
        return self.link(before=self.page.before) if self.page.before else ""

    @property
    def after_url(self) -> str:
        return self.link(after=self.page.after) if self.page.after else ""

    @property
    def takes_filters(self) -> bool:
        return self.source.filterset_class is not None

    @property
    def filters_open(self) -> bool:
        """The form is drawn only when asked for, or when it refuses a value: its choices cost queries and bytes that
        most looks do not need."""
        return self.state.filters_open

    @property
    def filters_url(self) -> str:
        return self.link() if self.filters_open else self.link(filters="open")

    @property
    def cleared_url(self) -> str:
        """Without search and filters."""
        return f"{self.url}?{self.state.query(without=['q', PARAM, *self.state.filters])}"

    @cached_property
    def chips(self) -> list[filters.Chip]:
        asked = filters.chips(self.filterset, self.state) if self.filterset is not None else []
        return [*asked, *(self._chip(part) for part in self.source.parts(self.state))]

    def _chip(self, part: Part) -> filters.Chip:
        others = [text for text in self.state.parts if text != part.text]
        return filters.Chip(str(part.grouping.label), part.words, self.state.query(part=others))

    @cached_property
    def filter_groups(self) -> list[offered.Group]:
        return offered.grouped(self.filterset)

    @cached_property
    def refusals(self) -> list[filters.Refusal]:
        refused = filters.refusals(self.filterset, self.state) if self.filterset is not None else []
        if self.state.unknown_part:
            text = _("There is no such part of this list, or it is not yours to see.")
            refused.append(filters.Refusal(_("Part"), [text], self.state.query(without=[PARAM])))
        return refused

    @cached_property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form carries along: everything but the words."""
        return self._pairs(without=["q"])

    @cached_property
    def hidden_beside_filters(self) -> list[tuple[str, str]]:
        return self._pairs(without=list(self.state.filters))

    def _pairs(self, without: list[str]) -> list[tuple[str, str]]:
        params = QueryDict(self.state.query(without=without))
        return [(name, value) for name, values in params.lists() for value in values]

    # What can be done ----------------------------------------------------------------------------------------------

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """Saved views, after the list as such."""
        if not self.source.views:
            return []
        has_default = any(view.is_default for view in self.source.views)
        everything = {
            "label": _("All"),
            "url": f"{self.url}?view={ALL}" if has_default else self.url,
            "active": self.state.view is None,
        }
        return [everything] + [
            {"label": view.name, "url": f"{self.url}?view={view.pk}", "active": view == self.state.view}
            for view in self.source.views
        ]

    @property
    def view(self) -> Any:
        return self.state.view

    @cached_property
    def may_change_view(self) -> bool:
        view = self.state.view
        return bool(view) and SavedView.objects.editable_by(self.user).filter(pk=view.pk).exists()

    @property
    def may_save_view(self) -> bool:
        return self.user.access.may("saved_view", Verb.CREATE)

    @property
    def may_export(self) -> bool:
        return self.user.access.may(self.source.kind, Verb.EXPORT)

    @property
    def import_url(self) -> str:
        """Where a file of such records is read in, for whoever may."""
        found = next((kind for kind in declaring.importable() if kind.model is self.source.model), None)
        if self.source.is_nested or found is None or not (self.source.creation or self.source.made_elsewhere):
            return ""
        if not self.user.access.may("import", Verb.CREATE) or not found.is_open_to(self.user):
            return ""
        return f"{reverse('import-new')}?{urlencode({'kind': found.code})}"

    @cached_property
    def bulk_actions(self) -> list[Any]:
        """What destroys stands last, whoever else adds to them."""
        found = [action for action in self.source.bulk_actions if action.open_to(self.user, self.source.kind)]
        return sorted(found, key=lambda action: action.danger)

    @cached_property
    def bulk_buttons(self) -> list[tuple[Any, str]]:
        return [(action, self.source.address("bulk", action.code)) for action in self.bulk_actions]

    @property
    def row_button(self) -> RowButton | None:
        return self.source.row_button if self.bulk_actions else None

    @property
    def export_urls(self) -> list[tuple[str, str]]:
        base = self.source.address("export")
        return [("CSV", f"{base}?{self.query}&format=csv"), ("XLSX", f"{base}?{self.query}&format=xlsx")]

    @property
    def keep_url(self) -> str:
        """The address that makes something of the filters, where there are any."""
        asked = self.source.keep_permission
        if self.state.parts:  # of which a segment knows nothing
            return ""
        if not (self.source.keep_url and self.state.filters and asked and self.user.access.may(*asked)):
            return ""
        return f"{reverse(self.source.keep_url)}?{self.query}"

    @property
    def columns_url(self) -> str:
        return f"{self.source.address('columns')}?{self.query}"

    @property
    def save_view_url(self) -> str:
        return f"{self.source.address('view-new')}?{self.query}"

    @property
    def view_url(self) -> str:
        return f"{self.source.address('view', self.state.view.pk)}?{self.query}" if self.state.view else ""
