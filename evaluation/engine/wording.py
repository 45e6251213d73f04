"""Numbers and judgements in words, the same on pages, in notifications and in reports."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from crm.joining import bracketed
from crm.web import formats
from evaluation.engine import coverage, judgement, results
from evaluation.engine.judgement import (
    AttainmentJudgement,
    Judgement,
    Levels,
    QualityJudgement,
    Variation,
    VariationJudgement,
)
from evaluation.engine.results import Result
from evaluation.formulas import intervals, periods
from evaluation.formulas.control_chart import Rule
from evaluation.formulas.periods import Period
from evaluation.formulas.scores import Verdict
from evaluation.kpis.declaration import Aggregation, Kpi, Unit

VERDICT_TONES = {
    Verdict.MET: "good",
    Verdict.PROBABLY_MET: "good",
    Verdict.PROBABLY_MISSED: "warn",
    Verdict.MISSED: "bad",
    Verdict.NOT_MEASURABLE: "neutral",
}
VERDICT_ICONS = {
    Verdict.MET: "circle-check",
    Verdict.PROBABLY_MET: "circle-check",
    Verdict.PROBABLY_MISSED: "alert-triangle",
    Verdict.MISSED: "circle-x",
    Verdict.NOT_MEASURABLE: "help",
}


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
        from customers.models import Customer

        return str(dict(Customer.Channel.choices).get(str(scope.key), scope.key))
    return scope.name or _("not assigned")


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


def variation(found: VariationJudgement) -> str:
    """Is it news?"""
    if found.kind == Variation.TOO_FEW:
        return _("Too few complete periods to tell news from noise: %(points)d of %(needed)d.") % {
            "points": found.points, "needed": found.needed,
        }  # fmt: skip
    if found.kind == Variation.OVERLAPPING:
        return _("Not judged: each point holds most of what the one before held.")
    if found.kind == Variation.NO_SIGNAL:
        return _("Usual variation: no signal.")
    return f"{_rule(found)} {_whether_good(found)}".strip()


def _rule(found: VariationJudgement) -> str:
    if found.rule == Rule.OUTSIDE_LIMITS:
        if found.above:
            return _("Signal: the last complete period is above what is usual.")
        return _("Signal: the last complete period is below what is usual.")
    if found.rule == Rule.RUN:
        if found.above:
            return _("Signal: eight or more periods in a row above the average.")
        return _("Signal: eight or more periods in a row below the average.")
    if found.above:
        return _("Signal: three of four periods near the upper limit.")
    return _("Signal: three of four periods near the lower limit.")


def _whether_good(found: VariationJudgement) -> str:
    if found.good is None:
        return ""
    return _("That is an improvement.") if found.good else _("That is a deterioration.")


def variation_tone(found: VariationJudgement) -> str:
    if found.kind != Variation.SIGNAL:
        return "neutral"
    return {True: "good", False: "bad", None: "info"}[found.good]


def variation_label(found: VariationJudgement) -> str:
    """One or two words."""
    if found.kind == Variation.TOO_FEW:
        return _("too few points")
    if found.kind == Variation.OVERLAPPING:
        return _("not judged")
    if found.kind == Variation.NO_SIGNAL:
        return _("no signal")
    return {True: _("signal: better"), False: _("signal: worse"), None: _("signal")}[found.good]


def verdict_label(verdict: Verdict) -> str:
    return {
        Verdict.MET: _("met"),
        Verdict.PROBABLY_MET: _("probably met"),
        Verdict.PROBABLY_MISSED: _("probably missed"),
        Verdict.MISSED: _("missed"),
        Verdict.NOT_MEASURABLE: _("not measurable"),
    }[verdict]


def levels(kpi: Kpi, found: Levels) -> str:
    """ "at least 85.0%" """
    if found.is_band:
        low, high = figure(kpi, found.at_least), figure(kpi, found.at_most)
        return _("between %(low)s and %(high)s") % {"low": low, "high": high}
    if found.at_least is not None:
        return _("at least %(level)s") % {"level": figure(kpi, found.at_least)}
    if found.at_most is not None:
        return _("at most %(level)s") % {"level": figure(kpi, found.at_most)}
    return _("not known: there is no value of last year")


def attainment(kpi: Kpi, found: AttainmentJudgement, goal: Levels) -> str:
    """Is the goal met?"""
    level = {"level": levels(kpi, goal)}
    if found.verdict == Verdict.NOT_MEASURABLE:
        return _not_measurable(kpi, found, goal)
    text = {
        Verdict.MET: _("Goal met: %(level)s."),
        Verdict.PROBABLY_MET: _("Goal probably met: %(level)s, but chance is not ruled out."),
        Verdict.PROBABLY_MISSED: _("Goal probably missed: %(level)s, but chance is not ruled out."),
        Verdict.MISSED: _("Goal missed: %(level)s."),
    }[found.verdict] % level
    more = []
    if found.stretched:
        more.append(_("The stretch level is reached too."))
    elif found.share is not None and 0 < found.share < 1:
        more.append(_("%(share)s of the way from the baseline.") % {"share": formats.percent(found.share, 0)})
    if found.running:
        more.append(_("The period is not over."))
    return " ".join([text, *more])


def _not_measurable(kpi: Kpi, found: AttainmentJudgement, goal: Levels) -> str:
    level = {"level": levels(kpi, goal)}
    if found.too_few:
        return _("Too few records to judge the goal (%(level)s).") % level
    if found.too_wide:
        return _("Too imprecise to judge the goal (%(level)s).") % level
    return _("The goal (%(level)s) cannot be measured.") % level


def quality(kpi: Kpi, found: QualityJudgement) -> list[str]:
    """What to know before trusting the number; nothing where it is sound."""
    texts = {
        results.NO_DENOMINATOR: _("Nothing to compute it from in this period."),
        results.HIDDEN: _("Hidden, because so few answers would tell who gave them."),
        results.SMALL_N: _("Fewer than %(least)d records: no verdict.") % {"least": kpi.minimum_n},
        results.PROVISIONAL: _("Provisional: it can still change."),
        results.DEADLINES_OF_TODAY: _("Deadlines are those of today: how they stood then is not kept."),
        results.STATE_OF_TODAY: _("Owners and due dates are those of today: how they stood then is not kept."),
        judgement.TOO_IMPRECISE: _("The interval is 30 points or wider."),
    }
    found_texts = [coverage.said(flag) if coverage.is_one(flag) else texts[flag] for flag in found.flags]
    return [*found_texts, *(issue(kpi, code, count) for code, count in found.issues.items())]


def issue(kpi: Kpi, code: str, count: int) -> str:
    records = ngettext("%(count)d record", "%(count)d records", count) % {"count": count}
    meaning = kpi.issues.get(code)
    return bracketed(meaning, records) if meaning else records


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


def sentences(kpi: Kpi, found: Judgement, goal: Levels | None = None) -> dict[str, Any]:
    """All three judgements, for a page: sentence, tone and label each."""
    verdict = found.attainment.verdict if found.attainment else None
    return {
        "variation": {
            "text": variation(found.variation),
            "tone": variation_tone(found.variation),
            "label": variation_label(found.variation),
        },
        "attainment": verdict
        and found.attainment
        and goal
        and {
            "text": attainment(kpi, found.attainment, goal),
            "tone": VERDICT_TONES[verdict],
            "icon": VERDICT_ICONS[verdict],
            "label": verdict_label(verdict),
        },
        "quality": quality(kpi, found.quality),
    }
