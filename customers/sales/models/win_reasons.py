"""Why history says what it says of an opportunity, and how right it was: read from what the night wrote."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from customers.sales.models import closed_amounts
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Pipeline, Stage
from customers.sales.models.win_chance import (
    NEEDED,
    SETTLED_SHARE,
    TONIGHT,
    WinChance,
    WinCohort,
    WinFactor,
    WinJudgement,
)

HARDLY = 0.05  # log-odds: a hundredth of 1 at even chances
FEWEST = 5  # opportunities, before it is told what became of them
TOLD_AGES = frozenset({"7", "14", "30", "60", "90", "180", "365"})  # days
ABOUT_CUSTOMER = frozenset({WinFactor.Attribute.CUSTOMER, WinFactor.Attribute.CHANNEL, WinFactor.Attribute.TIER})


def direction(effect: float) -> str:
    return "same" if abs(effect) < HARDLY else "up" if effect > 0 else "down"


@dataclass(frozen=True)
class Said:
    """What history says of one opportunity. `untold`: how the customer moves it, for who does not see the customer."""

    chance: WinChance | None
    cohort: WinCohort | None
    factors: list[WinFactor] = field(default_factory=list)
    untold: float | None = None

    needed = NEEDED

    @property
    def probability(self) -> float | None:
        return self.chance.probability if self.chance else None

    @property
    def closed(self) -> int:
        return self.cohort.closed if self.cohort else 0

    @property
    def has_enough(self) -> bool:
        """Whether enough closed; what is missing otherwise is that too many lie open."""
        return self.closed >= NEEDED


def said_of(opportunity: Opportunity, *, customer_is_visible: bool) -> Said | None:
    """Nothing of what is closed, nor of what came into its stage since. One query, where its `win_chance` is read."""
    if not opportunity.is_open:
        return None
    chance: WinChance | None = getattr(opportunity, "win_chance", None)
    if chance is None or chance.stage_id != opportunity.stage_id:
        return Said(None, None)
    if chance.probability is None:
        return Said(chance, WinCohort.objects.filter(run=TONIGHT, stage=chance.stage_id).first())
    found = list(WinFactor.objects.filter(_any_of(chance.said), cohort__run=TONIGHT, cohort__stage=chance.stage_id)
        .select_related("cohort"))  # fmt: skip
    cohort = found[0].cohort if found else WinCohort.objects.filter(run=TONIGHT, stage=chance.stage_id).first()
    found.sort(key=lambda one: (-abs(one.effect), one.attribute))
    if closed_amounts.are_hidden():
        found = [one for one in found if one.attribute != WinFactor.Attribute.AMOUNT]
    if customer_is_visible:
        return Said(chance, cohort, found)
    told = [one for one in found if one.attribute not in ABOUT_CUSTOMER]
    return Said(chance, cohort, told, sum(one.effect for one in found if one.attribute in ABOUT_CUSTOMER))


def _any_of(said: dict[str, str]) -> Q:
    wanted = Q(pk__in=[])
    for attribute, value in said.items():
        wanted |= Q(attribute=attribute, value=value)
    return wanted


def probability_of(opportunity: Opportunity) -> float | None:
    """Of one that was read with its `win_chance`: nothing where it is closed or moved on since the night."""
    chance: WinChance | None = getattr(opportunity, "win_chance", None)
    stands = chance is not None and opportunity.closed_at is None and chance.stage_id == opportunity.stage_id
    return chance.probability if stands and chance is not None else None


def with_win_chance(opportunities: QuerySet[Any]) -> QuerySet[Any]:
    return opportunities.select_related("win_chance")


# How right it was -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """A tenth: of how many it was said, how many of them were to be won by that, and how many were."""

    band: int
    judged: int
    won: int
    predicted: float
    variance: float

    @property
    def low(self) -> float:
        return self.band / 10

    @property
    def high(self) -> float:
        return (self.band + 1) / 10

    @property
    def is_told(self) -> bool:
        return self.judged >= FEWEST

    @property
    def share(self) -> float:
        return self.won / self.judged

    @property
    def mean(self) -> float:
        return self.predicted / self.judged

    @property
    def is_off(self) -> bool:
        """Whether further off than chance alone would bring it in one case of twenty."""
        return abs(self.won - self.predicted) > 1.96 * math.sqrt(self.variance)


@dataclass(frozen=True)
class Track:
    """What was said on past days against what came. The Brier scores are mean squared errors: 0 is perfect."""

    days: list[datetime]
    bands: list[Band]
    judged: int = 0
    open: int = 0
    won: int = 0
    brier: float | None = None
    brier_stage: float | None = None
    brier_set: float | None = None

    needed = NEEDED

    @property
    def has_enough(self) -> bool:
        return self.judged >= NEEDED

    @property
    def beats_stage(self) -> bool:
        return self.brier is not None and self.brier_stage is not None and self.brier < self.brier_stage

    @property
    def beats_set(self) -> bool:
        return self.brier is not None and self.brier_set is not None and self.brier < self.brier_set


def track_of(pipeline: Pipeline) -> Track:
    rows = list(WinJudgement.objects.filter(pipeline=pipeline).order_by("band", "run"))
    if not rows:
        return Track([], [])
    judged = sum(row.judged for row in rows)
    bands = [_band(band, list(found)) for band, found in groupby(rows, key=lambda row: row.band)]
    return Track(
        sorted({row.as_of for row in rows}), bands, judged, sum(row.open for row in rows), sum(row.won for row in rows),
        brier=sum(row.squared for row in rows) / judged,
        brier_stage=sum(row.squared_stage for row in rows) / judged,
        brier_set=sum(row.squared_set for row in rows) / judged,
    )  # fmt: skip


def _band(band: int, rows: list[WinJudgement]) -> Band:
    def total(name: str) -> Any:
        return sum(getattr(row, name) for row in rows)

    return Band(band, total("judged"), total("won"), total("predicted"), total("variance"))


def _is_told(factor: WinFactor) -> bool:
    """Of the ages, one of each day, those that people speak of."""
    is_age = factor.attribute == WinFactor.Attribute.AGE
    return factor.reached >= FEWEST and (not is_age or factor.value in TOLD_AGES)


@dataclass(frozen=True)
class Learned:
    """What is known of a stage, and what moves it."""

    stage: Stage
    cohort: WinCohort | None
    factors: list[WinFactor]

    @property
    def has_enough(self) -> bool:
        return self.cohort is not None and self.cohort.closed >= NEEDED

    @property
    def is_settled(self) -> bool:
        return self.cohort is not None and self.cohort.closed >= SETTLED_SHARE * self.cohort.reached


def learned_of(pipeline: Pipeline) -> list[Learned]:
    """Stage by stage, those that are open."""
    cohorts: Iterable[WinCohort] = WinCohort.objects.filter(run=TONIGHT, pipeline=pipeline).prefetch_related("factors")
    known = {cohort.stage_id: cohort for cohort in cohorts}
    hidden = {WinFactor.Attribute.AMOUNT.value} if closed_amounts.are_hidden() else set()
    place = {name: number for number, name in enumerate(WinFactor.Attribute.values)}
    found = []
    for stage in pipeline.stages.open().order_by("position", "pk"):
        cohort = known.get(stage.pk)
        told = [one for one in cohort.factors.all() if _is_told(one)] if cohort else []
        factors = [one for one in told if one.attribute not in hidden]
        factors.sort(key=lambda one: (place[one.attribute], len(one.value), one.value))
        found.append(Learned(stage, cohort, factors))
    return found
