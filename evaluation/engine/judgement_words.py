"""Judgements in words, the same on pages, in notifications and in reports."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import joining
from crm.web import formats
from evaluation.engine import coverage, judgement, results, wording
from evaluation.engine.judgement import (
    AttainmentJudgement,
    Judgement,
    Levels,
    QualityJudgement,
    Variation,
    VariationJudgement,
)
from evaluation.formulas.control_chart import Rule
from evaluation.formulas.scores import Verdict
from evaluation.kpis.declaration import Kpi
from evaluation.models import closed

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
    return joining.sentences(filter(None, [_rule(found), _whether_good(found)]))


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
        low, high = wording.figure(kpi, found.at_least), wording.figure(kpi, found.at_most)
        return _("between %(low)s and %(high)s") % {"low": low, "high": high}
    if found.at_least is not None:
        return _("at least %(level)s") % {"level": wording.figure(kpi, found.at_least)}
    if found.at_most is not None:
        return _("at most %(level)s") % {"level": wording.figure(kpi, found.at_most)}
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
    return joining.sentences([text, *more])


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
        results.NOT_REACHED: _("Too many have not ended yet for this time to be told."),
        results.NO_COST: _("The cost ledger knows no cost of it in this period, so what one costs is not known."),
        results.HIDDEN: _("Hidden, because so few answers would tell who gave them."),
        closed.CLOSED: _("It is made of amounts, and your role does not show them."),
        results.SMALL_N: _("Fewer than %(least)d records: no verdict.") % {"least": kpi.minimum_n},
        results.PROVISIONAL: _("Provisional: it can still change."),
        results.DEADLINES_OF_TODAY: _("Deadlines are those of today: how they stood then is not kept."),
        results.STATE_OF_TODAY: _("Owners and due dates are those of today: how they stood then is not kept."),
        judgement.TOO_IMPRECISE: _("The interval is 30 points or wider."),
    }
    found_texts = [coverage.said(flag) if coverage.is_one(flag) else texts[flag] for flag in found.flags]
    return [*found_texts, *(issue(kpi, code, count) for code, count in found.issues.items())]


def issue(kpi: Kpi, code: str, count: int) -> str:
    records = ngettext("%(count)s record", "%(count)s records", count) % {"count": formats.number(count)}
    meaning = kpi.issues.get(code)
    return joining.bracketed(meaning, records) if meaning else records


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
