"""What the sales people forecast, week by week, from what the pipeline held at that moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from crm.models import User
from customers.sales.models import ForecastFigure, ForecastSubmission, Quota
from customers.sales.models.forecast_period import MONTH, QUARTER, Period, monday, organisation_zone
from customers.sales.models.quota_table import pattern_of
from evaluation.demo import storing
from evaluation.demo.world import World, at_clock

WEEKS = 40
HUNDRED = Decimal(100)
MONTHS = range(1, 13)
SEASON = [Decimal(share) for share in ["0.8", "0.8", "1.1", "0.9", "1", "1.2", "0.8", "0.8", "1.2", "1", "1.1", "1.3"]]
# How each sees the world: of best case and pipeline, what they believe in. Some promise too much, some too little.
BELIEFS = (("0.75", "0.30"), ("0.45", "0.10"), ("0.95", "0.45"), ("0.60", "0.20"), ("0.30", "0.05"), ("0.85", "0.35"))

# What each held at each moment: the last row of every opportunity, with whoever held it then.
_HELD = """
WITH asked AS (SELECT * FROM unnest(%(owners)s::bigint[], %(moments)s::timestamptz[], %(firsts)s::date[],
        %(lasts)s::date[], %(starts)s::timestamptz[])
    WITH ORDINALITY AS asked(owner, moment, first, last, starts, place)),
span AS (
    SELECT change.*, stage.forecast_category,
        lead(at) OVER (PARTITION BY opportunity_id ORDER BY at, change.id) AS until
    FROM sales_stagechange AS change JOIN sales_stage AS stage ON stage.id = change.to_stage_id)
SELECT asked.place, CASE WHEN span.outcome = 'won' THEN 'closed' ELSE span.forecast_category END, span.currency,
    count(*), sum(span.amount)
FROM asked JOIN span ON span.owner_id = asked.owner AND span.at < asked.moment
    AND (span.until IS NULL OR span.until >= asked.moment)
WHERE (span.outcome = 'open' AND span.expected_close BETWEEN asked.first AND asked.last)
    OR (span.outcome = 'won' AND span.at >= asked.starts AND span.at::date <= asked.last)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def forecast(world: World) -> None:
    """Every Monday each forecasts the month and the quarter."""
    asked = [
        (rep, BELIEFS[place % len(BELIEFS)], period, moment)
        for place, rep in enumerate(world.reps)
        for moment in _mondays(world)
        for period in (Period.of(MONTH, _forward(moment)), Period.of(QUARTER, _forward(moment)))
    ]
    held = _held(asked)
    made, figures = [], []
    for place, (rep, belief, period, moment) in enumerate(asked, start=1):
        rows = held.get(place, [])
        submission = _submission(rep, belief, period, moment, rows)
        made.append(submission)
        figures += [
            ForecastFigure(submission=submission, category=category, currency=currency, count=count, amount=amount or 0)
            for category, currency, count, amount in rows
        ]
    storing.store(ForecastSubmission, made)
    for figure in figures:
        figure.submission = figure.submission  # takes over the id that the bulk insert gave
    storing.store(ForecastFigure, figures)
    for submission in made[-2 * len(world.reps) :]:
        data = {"period": submission.period.code, "team": "", "amount": str(submission.commit)}
        data["currency"] = submission.currency
        world.tell("forecast.submitted", submission, by=submission.by, at=submission.submitted_at, data=data, about=[])


def _mondays(world: World) -> list[datetime]:
    """The last ones, at nine; this week's where it has begun."""
    last = monday(world.today - timedelta(days=1))
    return [at_clock(last - timedelta(days=7 * back), 9) for back in range(WEEKS, -1, -1)]


def _forward(moment: datetime) -> date:
    """On a Monday people look at the month in which the week ends."""
    return moment.date() + timedelta(days=6)


def _held(asked: list[tuple[User, Any, Period, datetime]]) -> dict[int, list[Any]]:
    zone = organisation_zone()
    given = {
        "owners": [rep.pk for rep, _belief, _period, _moment in asked],
        "moments": [moment for *_, moment in asked],
        "firsts": [period.start for _rep, _belief, period, _moment in asked],
        "lasts": [period.end for _rep, _belief, period, _moment in asked],
        "starts": [period.bounds(zone)[0] for _rep, _belief, period, _moment in asked],
    }
    found = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, given)
        for place, *row in cursor.fetchall():
            found[place].append(row)
    return found


def _submission(rep: User, belief: Any, period: Period, moment: datetime, rows: list[Any]) -> ForecastSubmission:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for category, _currency, _count, amount in rows:
        sums[category] += amount or Decimal(0)
    best, hoped = (Decimal(share) for share in belief)
    sure = sums["closed"] + sums["commit"]
    commit = (sure + sums["best_case"] * best + sums["pipeline"] * hoped) // HUNDRED * HUNDRED
    most = max(commit, (sure + sums["best_case"] + sums["pipeline"] * hoped) // HUNDRED * HUNDRED)
    return ForecastSubmission(
        owner=rep, team=rep.team, by=rep, of_team=False, period_kind=period.kind, period_start=period.start,
        week=monday(moment.date()), submitted_at=moment, currency=settings.CURRENCY, commit=commit, best_case=most,
    )  # fmt: skip


def set_quotas(world: World) -> None:
    """This year's and the last: a tenth more than each won the year before; the teams' own a little above the sum."""
    made = []
    for year in (world.today.year - 1, world.today.year):
        for rep in world.reps:
            won = pattern_of(rep, year - 1, organisation_zone())
            month = max(sum(won) * Decimal("1.1") / 12, Decimal(10_000)) // 1000 * 1000
            for number in MONTHS:
                made.append(_quota(world, year, number, month * SEASON[number - 1], owner=rep, team=rep.team))
        for team in dict.fromkeys(rep.team for rep in world.reps):
            for number in MONTHS:
                below = sum(one.amount for one in made if one.team == team and one.month == date(year, number, 1))
                own = below * Decimal("1.05") // 1000 * 1000
                made.append(_quota(world, year, number, own, for_team=team, team=team))
    storing.store(Quota, made)


def _quota(world: World, year: int, month: int, amount: Decimal, **whose: Any) -> Quota:
    set_at = at_clock(date(year, 1, 4), 9)
    at = min(set_at, world.now)
    day = date(year, month, 1)
    return Quota(month=day, amount=amount, currency=settings.CURRENCY, created_at=at, updated_at=at, **whose)
