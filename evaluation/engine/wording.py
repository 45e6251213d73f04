"""Numbers in words, the same on pages, in notifications and in reports."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.web import formats
from evaluation.engine import results
from evaluation.engine.results import Result
from evaluation.formulas import intervals, periods
from evaluation.formulas.periods import Period
from evaluation.kpis.declaration import Aggregation, Kpi, Unit


def figure(kpi: Kpi, value: Any, currency: str | None = None) -> str:
    """A value of a KPI with its unit."""
    if kpi.unit == Unit.RATIO:
        return formats.percent(value)
    if kpi.unit == Unit.MONEY:
        return formats.money(value, currency or settings.CURRENCY)
    if kpi.unit == Unit.SECONDS:
        return formats.duration(value)
    if kpi.unit in (Unit.POINTS, Unit.MONTHS):
        return formats.number(value, decimals=None if value is None else 1)
    if kpi.unit == Unit.TIMES:
        return formats.number(value, decimals=None if value is None else 2)
    return formats.number(value)


def difference(kpi: Kpi, value: float | None, currency: str | None = None) -> str:
    """A difference of two values: percentage points where they are shares, always with its sign."""
    if value is None or kpi.unit == Unit.RATIO:
        return formats.points(value)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{figure(kpi, abs(value), currency)}"


def relative(value: float) -> str:
    """A relative change with its sign: "+11.1%"."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{formats.percent(abs(value))}"


def period_name(period: Period) -> str:
    """A period as people say it: "May 2026", "Q2 2026"."""
    year, month = period.first.year, period.first.month
    if period.kind == periods.MONTH:
        from django.utils import formats as django_formats

        return django_formats.date_format(period.first, "YEAR_MONTH_FORMAT")
    names = {
        periods.YEAR: lambda: formats.year(year),
        periods.HALF: lambda: (_("H1 %(year)d") if month < 7 else _("H2 %(year)d")) % {"year": year},
        periods.QUARTER: lambda: _("Q%(number)d %(year)d") % {"number": (month + 2) // 3, "year": year},
        periods.WEEK: lambda: (
            _("week %(number)d of %(year)d")
            % {"number": period.first.isocalendar().week, "year": period.first.isocalendar().year}
        ),
    }
    if period.kind in names:
        return names[period.kind]()
    return f"{formats.exact_date(period.first)} – {formats.exact_date(period.last)}"


def scope_name(scope: Any) -> str:
    """The scope in the reader's language; the nameless part of a breakdown is nobody's."""
    if scope.is_company:
        return _("Company")
    if scope.kind == "channel" and scope.key:
        from customers.models import SourceChannel

        return SourceChannel.label_of(str(scope.key))
    nobody = {"channel": _("without a channel"), "campaign": _("without a campaign")}
    return scope.name or nobody.get(scope.kind) or _("not assigned")


def shown(result: Result) -> str:
    """The value, or what the KPI says instead where there is none or too little for one."""
    return instead(result) or figure(result.kpi, result.value, result.currency)


def instead(result: Result) -> str:
    """Two counts rather than what one grew by; a cost that there are no customers for."""
    kpi, top, bottom = result.kpi, result.numerator, result.denominator
    if not kpi.instead or top is None or not (top or bottom):
        return ""
    if result.value is not None and results.SMALL_N not in result.flags:
        return ""
    if kpi.aggregation == Aggregation.GROWTH:
        before = int(bottom or 0)
        named = {"whole": _count(before + int(top)), "bottom": _count(before)}
    else:
        named = {"top": formats.money(top, result.currency or settings.CURRENCY)}
    return str(kpi.instead) % named


def _count(count: int) -> str:
    """A count with its exact Poisson interval: "4 (1 to 11)"."""
    low, high = intervals.poisson(count, 1, results.LEVEL) or (0.0, 0.0)
    return _("%(count)s (%(low)s to %(high)s)") % {
        "count": formats.number(count), "low": formats.number(floor(low)), "high": formats.number(ceil(high)),
    }  # fmt: skip


def interval(result: Result) -> str:
    if result.interval is None or instead(result):
        return ""
    return between(result.kpi, result.interval.low, result.interval.high, result.currency)


def between(kpi: Kpi, low: float, high: float, currency: str | None = None) -> str:
    """Two ends of an interval; of what is counted, the whole numbers around it."""
    if kpi.unit == Unit.COUNT:
        low, high = floor(low), ceil(high)
    ends = {"low": figure(kpi, low, currency), "high": figure(kpi, high, currency)}
    return _("%(low)s to %(high)s") % ends


def unit_name(kpi: Kpi) -> str:
    return {
        Unit.RATIO: _("share"),
        Unit.COUNT: pgettext("unit", "number"),
        Unit.MONEY: _("amount"),
        Unit.SECONDS: _("time"),
        Unit.POINTS: pgettext("unit of a score", "points"),
        Unit.MONTHS: _("months"),
        Unit.TIMES: _("times"),
    }[kpi.unit]
