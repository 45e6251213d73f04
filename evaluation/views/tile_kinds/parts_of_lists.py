"""A list as a chart: its rows divided by one of its columns, counted or added up, for whoever looks."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from crm.joining import listed
from crm.markup import html
from crm.web import formats
from crm.web.lists.asked_parts import Part
from crm.web.lists.base import List
from crm.web.lists.columns import Column
from crm.web.lists.grouping import Grouping, InTime, groupings
from crm.web.lists.paging import Count, Page
from crm.web.lists.presenting import Presented
from evaluation.engine import bounded, divided
from evaluation.engine.divided import Bar, Divided
from evaluation.models.tile import COUNTED, Tile, Width, register
from evaluation.views import charts
from evaluation.views.segment_tiles import MILLISECONDS
from evaluation.views.tile_kinds.records import Records
from evaluation.views.tile_kinds.viewer import NothingToShow, Viewer, late


@register
class ListChart(Records):
    code = "chart"
    order = 55
    label = gettext_lazy("Chart of a list")
    meaning = gettext_lazy(
        "A list or a saved view divided by one of its columns: how many there are, or what they add up to."
    )
    icon = "chart-bar"
    parts = ("list", "divided_by", "measure", "filter")
    template = "evaluation/tile/_chart.html"
    width = Width.TWO_THIRDS.value

    def content(self, tile: Tile, viewer: Viewer) -> dict[str, Any]:
        opened, state = self.opened(tile, viewer)
        grouping, column = _asked(opened, tile.settings)
        rows, filterset = opened.matching(state)
        shown = Presented(opened, state, Page([]), Count(0), filterset)
        if shown.refusals:
            raise NothingToShow(_("This view asks for something that does not exist any more."))
        found = bounded.within(
            MILLISECONDS, lambda: divided.divide(rows, grouping, column, now=viewer.now)
        ) or late()  # fmt: skip
        drawn = Drawn(shown, grouping, column, found)
        return {
            "called": shown.view.name if shown.view else shown.title,
            "chart": drawn.chart(f"chart-{tile.id}", tile.thirds),
            "earlier": drawn.earlier,
            "chips": [] if shown.view else shown.chips,
            "count_text": drawn.total,
            "is_closed": state.is_closed,
            "url": shown.link(),
        }

    def asked(self, said: dict[str, Any], declared: type[List], view: str) -> QueryDict:
        """With a filter of its own, or none, it is of all such rows and never of the view the list opens with."""
        if view:
            return super().asked(said, declared, view)
        params = QueryDict(said.get("filter", ""), mutable=True)
        params.setdefault("sort", declared.default_sort)
        return params


def measured(declared: type[List]) -> dict[str, Column]:
    """By code of a measure, the columns of a list that the reader may add up."""
    return {f"sum:{column.code}": column for column in declared.all_columns() if column.adds_up}


def _asked(opened: List, said: dict[str, Any]) -> tuple[Grouping, Column | None]:
    grouping = groupings(type(opened)).get(said.get("divided_by", ""))
    if grouping is None:
        raise NothingToShow(_("What it is divided by does not exist any more, or your role does not show it."))
    measure = said.get("measure", COUNTED)
    if measure == COUNTED:
        return grouping, None
    column = measured(type(opened)).get(measure)
    if column is None:
        raise NothingToShow(_("What it adds up does not exist any more, or your role does not show it."))
    return grouping, column


class Drawn:
    """What was found, in words and addresses."""

    def __init__(self, shown: Presented, grouping: Grouping, column: Column | None, found: Divided) -> None:
        self.shown, self.grouping, self.column, self.found = shown, grouping, column, found

    @property
    def label(self) -> str:
        measure = self.column.label if self.column else pgettext("how many", "Number")
        if not isinstance(self.grouping, InTime):
            return _("%(measure)s by %(part)s") % {"measure": measure, "part": in_a_sentence(self.grouping.label)}
        said = _("%(measure)s by week (%(day)s)") if self.grouping.is_week else _("%(measure)s by month (%(day)s)")
        return said % {"measure": measure, "day": in_a_sentence(self.grouping.of)}

    @property
    def total(self) -> str:
        """All of it, as a link to the list says it."""
        many = ngettext("%(count)s record", "%(count)s records", self.found.total.count)
        said = many % {"count": formats.number(self.found.total.count)}
        return said if self.column is None else listed([self.worth(self.found.total), said])

    def worth(self, bar: Bar, decimals: int | None = None) -> str:
        """Its number: what has no rate stands beside what has one."""
        if self.column is None:
            return formats.number(bar.count)
        beside = [formats.money(money.amount, money.currency, decimals) for money in bar.beside]
        return " + ".join([formats.money(bar.amount, settings.CURRENCY, decimals), *beside])

    def chart(self, name: str, thirds: int) -> dict[str, Any] | None:
        """The arguments of the chart component; nothing where there are no rows."""
        if not self.found.total.count:
            return None
        lines = [self._line(bar) for bar in self.found.bars]
        if self.found.rest is not None and not self.grouping.is_in_time:
            lines.append(self._rest(self.found.rest))
        measure = self.column.label if self.column else _("Records")
        drawn = [self._bar(*line) for line in lines]
        return {
            "name": name,
            "spec": charts.bars(drawn, max(charts.ROOM[thirds], room_on_a_phone(drawn))),
            "label": self.label,
            "head": [self.grouping.label, measure, *([_("Records")] if self.column else [])],
            "rows": [self._row(*line) for line in lines],
            "note": self._note(),
        }

    def _line(self, bar: Bar) -> tuple[str, Bar, Part]:
        name = _("none") if bar.value is None else self.found.names.get(bar.value, "?")
        return name, bar, Part(self.grouping, (bar.value,))

    def _rest(self, rest: Bar) -> tuple[str, Bar, Part]:
        name = _("others (%(count)s)") % {"count": formats.number(self.found.others)}
        return name, rest, Part(self.grouping, tuple(bar.value for bar in self.found.bars), is_rest=True)

    @property
    def earlier(self) -> dict[str, str] | None:
        """What lies before the bars of a course: one bar for all of it would be the longest and say the least."""
        if self.found.rest is None or not self.grouping.is_in_time:
            return None
        _name, rest, part = self._rest(self.found.rest)
        return {"url": self._url(part), "text": self.worth(rest)}

    def _bar(self, name: str, bar: Bar, part: Part) -> dict[str, Any]:
        value = bar.count if self.column is None else float(bar.amount)
        return charts.bar(name, value, self.worth(bar, 0), self._url(part), incomplete=self._runs(bar.value))

    def _row(self, name: str, bar: Bar, part: Part) -> list[Any]:
        cells = [html('<a href="{}">{}</a>', self._url(part), name), self.worth(bar)]
        return [*cells, formats.number(bar.count)] if self.column else cells

    def _url(self, part: Part) -> str:
        return self.shown.link(part=[*self.shown.state.parts, part.text])

    def _runs(self, start: Any) -> bool:
        """Whether a period is not over yet; of what lies ahead anyway none is."""
        if not isinstance(self.grouping, InTime) or not isinstance(start, date):
            return False
        latest = max(bar.value for bar in self.found.bars if bar.value is not None)
        return start == latest == self.grouping.start(timezone.localdate())

    def _note(self) -> str:
        if self.found.total.beside:
            return _("Amounts of a currency without a rate stand beside the sums and in no bar.")
        return ""


def room_on_a_phone(drawn: list[dict[str, Any]]) -> float:
    """Beside the longest bar, as a share of it, so that its number is whole where 160 pixels are left for both."""
    width = min(max(7 * len(bar["shown"]) for bar in drawn), 80)
    return width / (160 - width)


def in_a_sentence(label: Any) -> str:
    """ "Stage" → "stage", but "RFM" as it is."""
    text = str(label)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
