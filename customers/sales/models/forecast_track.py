"""How good somebody's forecasts were: accuracy and bias over the last periods that are over.

Of each period, and in the organisation's currency:

- the **forecast** is the commit that stood when the week was over in which the period began: the last one submitted
  for it until then (Period.deadline). A period without one is left out; a later one does not make up for it.
- the **actual** is what was won in it, as `forecast_figures` says: with whoever held it then, without what was
  reopened since. A period in which nothing was won has an actual of 0.

Over the periods that have a forecast:

- **accuracy** = 1 − WAPE, where WAPE = Σ |actual − forecast| ÷ Σ actual. 1 is exact; it falls below 0 where the errors
  together are greater than what was won, and is told so.
- **bias** = Σ (forecast − actual) ÷ Σ actual. Positive: more was promised than came; negative: less.
- **calibrated** = commit × Σ actual ÷ Σ forecast: what the commit would come to if it were as far off as before.

Where Σ actual is 0 there is nothing to divide by: accuracy and bias are not defined, and are never shown as 0. Where
Σ forecast is 0 there is nothing to calibrate by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models.functions import TruncWeek

from customers.sales.models.currency import in_cents
from customers.sales.models.forecast import ForecastSubmission
from customers.sales.models.forecast_figures import Won, won
from customers.sales.models.forecast_period import MONTH, Period

Said = dict[tuple[int, date], Decimal]  # commits, by id and first day

LOOKS_BACK = {"month": 12, "quarter": 8}


@dataclass(frozen=True)
class Outcome:
    """A period that is over: what was forecast for it, if anything was, and what came."""

    period: Period
    forecast: Decimal | None
    actual: Decimal

    @property
    def error(self) -> Decimal | None:
        """Positive where more was promised than came."""
        return None if self.forecast is None else self.forecast - self.actual


def accuracy(outcomes: Iterable[Outcome]) -> Decimal | None:
    """1 − Σ |actual − forecast| ÷ Σ actual, of the periods with a forecast; None where nothing was won in them."""
    known = [one for one in outcomes if one.error is not None]
    actual = sum((one.actual for one in known), Decimal(0))
    return 1 - sum(abs(one.error) for one in known if one.error is not None) / actual if actual else None


def bias(outcomes: Iterable[Outcome]) -> Decimal | None:
    """Σ (forecast − actual) ÷ Σ actual, of the periods with a forecast; None where nothing was won in them."""
    known = [one for one in outcomes if one.error is not None]
    actual = sum((one.actual for one in known), Decimal(0))
    return sum((one.error for one in known if one.error is not None), Decimal(0)) / actual if actual else None


@dataclass(frozen=True)
class Track:
    """What became of somebody's forecasts, the oldest period first."""

    outcomes: Sequence[Outcome] = ()

    @property
    def known(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.forecast is not None]

    @property
    def accuracy(self) -> Decimal | None:
        return accuracy(self.outcomes)

    @property
    def bias(self) -> Decimal | None:
        return bias(self.outcomes)

    def calibrated(self, commit: Decimal) -> Decimal | None:
        forecast = sum((one.forecast or Decimal(0) for one in self.known), Decimal(0))
        actual = sum((one.actual for one in self.known), Decimal(0))
        return in_cents(commit * actual / forecast) if forecast else None


def periods_before(kind: str, today: date) -> list[Period]:
    """The last ones that are over, the oldest first."""
    current = Period.of(kind, today)
    return [current.after(-back) for back in range(LOOKS_BACK.get(kind, LOOKS_BACK[MONTH]), 0, -1)]


def of_people(ids: Iterable[int], kind: str, today: date, zone: tzinfo) -> dict[int, Track]:
    """Of each person, in two queries."""
    return of_all(ids, {}, kind, today, zone)[0]


def of_teams(below: dict[int, list[int]], kind: str, today: date, zone: tzinfo) -> dict[int, Track]:
    """Of each team, named with the teams below it and itself; in two queries."""
    return of_all([], below, kind, today, zone)[1]


def of_all(
    people: Iterable[int],
    below: dict[int, list[int]],
    kind: str,
    today: date,
    zone: tzinfo,
    *,
    only_who_forecast: bool = False,
) -> tuple[dict[int, Track], dict[int, Track]]:
    """Of people and of teams; what was won is read once. `only_who_forecast` leaves out those without any forecast in
    these periods: of them there is nothing to tell."""
    periods = periods_before(kind, today)
    alone = {pk: [pk] for pk in people}
    by_person, by_team = _said("owner", alone, periods), _said("team", below, periods)
    if only_who_forecast:
        alone, below = _with_any(alone, by_person), _with_any(below, by_team)
    if not alone and not below:
        return {}, {}
    came = won(list(alone), sorted({pk for ids in below.values() for pk in ids}), periods, zone)
    return _tracks(alone, periods, by_person, came["owner"]), _tracks(below, periods, by_team, came["team"])


def _with_any(members: dict[int, list[int]], said: Said) -> dict[int, list[int]]:
    forecasting = {subject for subject, _start in said}
    return {subject: ids for subject, ids in members.items() if subject in forecasting}


def _tracks(members: dict[int, list[int]], periods: list[Period], said: Said, came: Won) -> dict[int, Track]:
    return {
        subject: Track(
            [
                Outcome(
                    period,
                    said.get((subject, period.start)),
                    sum((came.get((pk, period.start), Decimal(0)) for pk in ids), Decimal(0)),
                )
                for period in periods
            ]
        )
        for subject, ids in members.items()
    }


def _said(field: str, subjects: Iterable[int], periods: list[Period]) -> Said:
    """The commit that each stood by when the first week of each period was over."""
    rows: Any = ForecastSubmission.objects.filter(
        of_team=field == "team",
        period_kind=periods[0].kind,
        period_start__in=[period.start for period in periods],
        currency=settings.CURRENCY,
        week__lte=TruncWeek("period_start"),
        **{f"{field}__in": list(subjects)},
    )
    subject = f"{field}_id"
    last = rows.order_by(subject, "period_start", "-submitted_at", "-pk").distinct(subject, "period_start")
    return {(pk, start): commit for pk, start, commit in last.values_list(subject, "period_start", "commit")}
