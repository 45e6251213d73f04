"""The jobs that measure."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from crm.jobs import periodic
from evaluation.actions import cycles, health, measurements, plans


@periodic("measure-current-periods", every="hour", label=_("Measuring current periods"))
def measure_current(now: datetime) -> None:
    measurements.measure_current(now=now)


@periodic("measure-last-periods", every="day", hour=3, label=_("Measuring periods that are over"))
def measure_last(now: datetime) -> None:
    measurements.measure_last(now=now)


@periodic("advance-review-cycles", every="day", hour=4, label=_("Moving review cycles on"))
def advance_cycles(now: datetime) -> None:
    cycles.advance_due(now=now)


@periodic("measure-effects-of-plans", every="day", hour=5, label=_("Measuring the effects of plans"))
def measure_effects(now: datetime) -> None:
    plans.measure_due(now=now)


@periodic("score-health", every="day", hour=2, label=_("Health scores"))
def score_health(now: datetime) -> None:
    health.score_all(now=now)
