"""How the pipeline came from what it was to what it is, what stood in it, and the records behind each figure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.exchange import exporting
from crm.joining import labelled
from crm.web import formats
from customers.sales.forms.waterfall import WaterfallForm
from customers.sales.models import Pipeline, closed_amounts
from customers.sales.models.pipeline_history import altogether, standing
from customers.sales.models.waterfall import Bar, Behind, Part, Records, Waterfall, records_behind, waterfalls

BAR_HEIGHT = 30


class Asked(View):
    """What the page, its records and its export share: the days and the selection in the URL."""

    form_class: type[WaterfallForm] = WaterfallForm
    is_money = True

    def prepare(self, request: HttpRequest, verb: Verb) -> None:
        guards.require(request.user, "opportunity", verb)
        if self.is_money:
            closed_amounts.require(request.user)
        self.now = timezone.now()
        self.today = self.now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
        self.form = self.form_class(request.GET, user=request.user, today=self.today)
        self.is_sound = self.form.is_valid()
        if self.is_sound:
            self.selection = self.form.selection(verb)
            self.first, self.last = self.form.cleaned_data["first"], self.form.cleaned_data["last"]

    def url(self, name: str, **more: str) -> str:
        return f"{reverse(name)}?{urlencode({**self.form.query, **more})}"

    def tabs(self, current: str) -> list[dict[str, Any]]:
        """The ways to look at the same pipeline."""
        pages = [
            ("pipeline-waterfall", _("Waterfall")),
            ("pipeline-conversion", _("Stages by cohort")),
            ("win-probability", _("Win probability")),
        ]
        if closed_amounts.are_hidden_from(self.request.user):
            pages = pages[1:]
        return [{"label": label, "url": self.url(name), "active": name == current} for name, label in pages]

    def asked_bar(self) -> tuple[Part, str]:
        """The bar that the URL names; the closing in the organisation's currency if it names none."""
        part, currency = self.request.GET.get("part", "closing"), self.request.GET.get("currency", settings.CURRENCY)
        if part not in Part.values or not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise Http404(_("There is no such part."))
        return Part(part), currency.upper()

    def records(self, limit: int | None) -> Records:
        part, currency = self.asked_bar()
        return records_behind(self.selection, self.first, self.last, part, currency, limit)


class Page(Asked):
    is_money = False  # who sees no amounts is led on to what counts

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request, Verb.VIEW)
        if closed_amounts.are_hidden_from(request.user):
            return redirect("pipeline-conversion")
        if not self.form.pipelines:
            return render(request, "sales/board/none.html")
        context: dict[str, Any] = {"form": self.form, "tabs": self.tabs("pipeline-waterfall")}
        if not self.is_sound:
            return render(request, "sales/waterfall/page.html", context, status=422)
        falls = waterfalls(self.selection, self.first, self.last)
        context |= {
            "pipeline": self.selection.pipeline,
            "first": self.first,
            "last": self.last,
            "is_provisional": self.last >= self.today,
            "falls": [self._drawn(fall) for fall in falls],
            "stood": [self._stood(_("Before the first day"), self.first - timedelta(days=1)),
                      self._stood(_("When the last day ended"), self.last)],
        }  # fmt: skip
        if request.user.access.may("opportunity", Verb.EXPORT):  # type: ignore[union-attr]
            context["export_url"] = self.url("pipeline-waterfall-export")
        return render(request, "sales/waterfall/page.html", context)

    def _drawn(self, fall: Waterfall) -> dict[str, Any]:
        bars = [(bar, self._url_of(fall, bar)) for bar in fall.bars]
        return {"currency": fall.currency, "bars": bars, "chart": chart(fall.currency, bars)}

    def _url_of(self, fall: Waterfall, bar: Bar) -> str:
        if not bar.concerned:
            return ""
        return self.url("pipeline-waterfall-records", part=bar.part.value, currency=fall.currency)

    def _stood(self, title: str, day: date) -> dict[str, Any]:
        stages = standing(self.selection, day)
        return {"title": title, "day": day, "stages": stages, "overall": altogether(stages)}


class BarRecords(Asked):
    """The opportunities behind one bar."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.prepare(request, Verb.VIEW)
        part, currency = self.asked_bar()
        if not self.is_sound:
            raise Http404(_("There is no such part."))
        context = {
            "part": part,
            "currency": currency,
            "pipeline": self.selection.pipeline,
            "first": self.first,
            "last": self.last,
            "records": records_behind(self.selection, self.first, self.last, part, currency),
            "back_url": self.url("pipeline-waterfall"),
        }
        if request.user.access.may("opportunity", Verb.EXPORT):  # type: ignore[union-attr]
            context["export_url"] = self.url("pipeline-waterfall-export", part=part.value, currency=currency)
        return render(request, "sales/waterfall/records.html", context)


class Export(Asked):
    """The waterfalls as a table to take away, or the records of one bar: of what the person may export."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        self.prepare(request, Verb.EXPORT)
        if not self.is_sound:
            raise Http404(_("There is no such pipeline."))
        table = self._of_records() if "part" in request.GET else self._of_bars()
        about = {"waterfall": {**self.form.query, "part": request.GET.get("part", "")}}
        return exporting.respond(table, request.GET.get("format", "csv"), about, by=request.user, at=self.now)

    def _of_bars(self) -> exporting.Table:
        falls = waterfalls(self.selection, self.first, self.last)
        rows = [(fall.currency, bar) for fall in falls for bar in fall.bars]
        return self._table(
            _("Waterfall"),
            [_("Currency"), _("Part"), _("Amount"), _("How many"), _("Opportunities")],
            rows,
            lambda row: [row[0], str(row[1].part.label), row[1].amount, row[1].count, row[1].concerned],
        )

    def _of_records(self) -> exporting.Table:
        part, currency = self.asked_bar()
        heads = [_("Opportunity"), _("Customer"), _("Owner now"), _("Currency"), _("Amount"), _("Link")]
        return self._table(str(part.label), heads, self.records(None).rows, lambda row: self._cells(row, currency))

    def _cells(self, row: Behind, currency: str) -> list[Any]:
        sold = row.opportunity
        link = self.request.build_absolute_uri(sold.get_absolute_url())
        return [
            sold.name,
            sold.customer and str(sold.customer),
            sold.owner and str(sold.owner),
            currency,
            row.amount,
            link,
        ]

    def _table(self, title: str, heads: list[str], rows: list[Any], cells: Any) -> exporting.Table:
        pipeline: Pipeline = self.selection.pipeline
        name = f"{title} {pipeline.name} {self.first} {self.last}"
        return exporting.Table(name=name, heads=heads, records=rows, cells=cells, count=len(rows))


def chart(currency: str, bars: list[tuple[Bar, str]]) -> dict[str, Any]:
    """The arguments of the chart component: each part hangs where the one before it ended."""
    values, level = [], 0.0
    for bar, url in bars:
        start = 0.0 if bar.part.is_total else level
        level = float(bar.amount) + start
        text = labelled(bar.part.label, formats.money(bar.amount, currency))
        tone = "total" if bar.part.is_total else "out" if bar.amount < 0 else "in"
        label = str(bar.part.label)
        values.append({"part": label, "start": start, "end": level, "tone": tone, "text": text, "url": url})
    encoding = {
        "y": {"field": "part", "type": "nominal", "sort": None, "title": None},
        "x": {"field": "start", "type": "quantitative", "title": currency, "scale": {"zero": True},
              "axis": {"format": "~s", "tickCount": 4, "labelOverlap": True}},
        "x2": {"field": "end"},
        "color": {"field": "tone", "type": "nominal", "scale": {"domain": ["total", "out", "in"]}, "legend": None},
        "tooltip": {"field": "text"},
        "href": {"field": "url"},
    }  # fmt: skip
    spec = {"data": {"values": values}, "height": BAR_HEIGHT * len(values), "mark": "bar", "encoding": encoding}
    label = _("Waterfall in %(currency)s") % {"currency": currency}
    return {"name": f"waterfall-{currency}", "spec": spec, "label": label}
