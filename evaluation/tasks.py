"""The jobs that measure."""

from __future__ import annotations

from datetime import datetime

from crm.jobs import periodic
from evaluation.actions import measurements


@periodic("measure-current-periods", every="hour")
def measure_current(now: datetime) -> None:
    measurements.measure_current(now=now)


@periodic("measure-last-periods", every="day", hour=3)
def measure_last(now: datetime) -> None:
    measurements.measure_last(now=now)
