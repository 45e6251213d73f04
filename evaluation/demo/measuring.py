"""The numbers of the past, measured as the nightly job would have."""

from __future__ import annotations

from customers.sales.models import win_learning
from evaluation.actions import health, measurements
from evaluation.demo import storing
from evaluation.demo.world import World
from evaluation.formulas import periods
from evaluation.models import MeasuredFact, Measurement


def measure(world: World) -> None:
    months = world.size.months_measured
    history = {
        periods.MONTH: months,
        periods.QUARTER: months // 3,
        periods.HALF: max(months // 6, 1),
    }
    for kind, count in history.items():
        latest = periods.containing(kind, world.today).previous()
        for period in periods.last(kind, count, latest):
            measurements.measure_period(period=period, now=world.now)
            if period == latest:
                storing.analyze(Measurement, MeasuredFact)
    measurements.measure_current(now=world.now)
    health.score_all(now=world.now)
    win_learning.compute(world.now)
