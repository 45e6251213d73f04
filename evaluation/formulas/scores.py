"""Scores of surveys and goals: what is shown beside an interval from `intervals`."""

from __future__ import annotations

from enum import StrEnum
from math import isclose, isfinite
from typing import Literal, SupportsFloat

Direction = Literal["higher", "lower"]


class Verdict(StrEnum):
    """Whether a target is met, as sure as the interval allows."""

    MET = "met"
    PROBABLY_MET = "probably met"
    PROBABLY_MISSED = "probably missed"
    MISSED = "missed"
    NOT_MEASURABLE = "not measurable"


def nps(promoters: int, passives: int, detractors: int) -> float | None:
    """Net Promoter Score in points, -100 to 100: share of 9-10 minus share of 0-6 of all answers.

    None without answers; not rounded. ValueError for negative numbers (Reichheld 2003).
    """
    if min(promoters, passives, detractors) < 0:
        raise ValueError("Numbers of promoters, passives and detractors cannot be negative.")
    answers = promoters + passives + detractors
    return 100 * (promoters - detractors) / answers if answers else None


def csat(satisfied: int, answered: int) -> float | None:
    """Share of satisfied among valid answers, a fraction; None without answers.

    Which answers count as satisfied (4 and 5 of 1-5) is the KPI's matter. ValueError for impossible counts.
    """
    if satisfied < 0 or satisfied > answered:
        raise ValueError(f"{satisfied} satisfied of {answered} answers cannot be.")
    return satisfied / answered if answered else None


def attainment(
    actual: SupportsFloat | None,
    baseline: SupportsFloat | None,
    target: SupportsFloat | None,
    *,
    tolerance: float = 0.0,
    better: Direction | None = None,
) -> float | None:
    """How much of the way from baseline to target was covered: (actual - baseline) / (target - baseline), 0...1.

    Works in both directions: a target below the baseline means lower is better. Where target and baseline
    are equal ("hold the level") it is 1 or 0: within `tolerance` of the level, or on the good side of it
    when `better` says which side that is. None where a figure is missing or not finite. All three in the
    same unit; never target/actual, which is neither linear nor symmetric.
    """
    if actual is None or baseline is None or target is None:
        return None
    reached, begun, wanted = float(actual), float(baseline), float(target)
    if not (isfinite(reached) and isfinite(begun) and isfinite(wanted)):
        return None
    if begun == wanted:
        held = isclose(reached, wanted, rel_tol=1e-12, abs_tol=max(tolerance, 1e-12))
        good_side = (better == "higher" and reached > wanted) or (better == "lower" and reached < wanted)
        return 1.0 if held or good_side else 0.0
    return min(1.0, max(0.0, (reached - begun) / (wanted - begun)))


def verdict(
    value: float | None,
    interval: tuple[float, float] | None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Verdict:
    """Whether a value meets a target, in the words a scorecard uses. Targets are met inclusively.

    Give `at_least`, `at_most`, or both for a band, in the unit of the value. Met and missed need the whole
    interval on one side; without an interval (a sum, fully counted) the value alone decides. A value of
    None is not measurable.
    """
    if at_least is None and at_most is None:
        raise ValueError("A target needs a lower limit, an upper limit, or both.")
    if value is None:
        return Verdict.NOT_MEASURABLE
    least = float("-inf") if at_least is None else at_least
    most = float("inf") if at_most is None else at_most
    low, high = interval or (value, value)
    if least <= low and high <= most:
        return Verdict.MET
    if high < least or low > most:
        return Verdict.MISSED
    return Verdict.PROBABLY_MET if least <= value <= most else Verdict.PROBABLY_MISSED


def rolled_up(scores: list[tuple[float | None, float]]) -> tuple[float | None, float]:
    """Weighted mean of (attainment, weight) pairs, and the share of weight left out as not measurable.

    Goals without a figure are left out, never counted as 0; the mean is None where all are.
    """
    if any(weight < 0 for _, weight in scores):
        raise ValueError("Weights cannot be negative.")
    total = sum(weight for _, weight in scores)
    counted = [(score, weight) for score, weight in scores if score is not None and weight]
    present = sum(weight for _, weight in counted)
    excluded = (total - present) / total if total else 0.0
    mean = sum(score * weight for score, weight in counted) / present if present else None
    return mean, excluded
