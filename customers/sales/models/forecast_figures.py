"""What the pipeline says of a period now, in one statement; and what was won in the periods before.

An opportunity counts in the period in which it is expected to close, with the person and the team that have it now.
What was won counts in the period in which it was won and stays with whoever held it then; what was reopened since, or
is in the bin, does not count. An opportunity without an amount counts as one of 0. What is open counts at the rate of
today, what was won at that of the day it was won; what has no rate stands beside the sums, in its own currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from crm.access.grants import access_of
from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.sales.models.currency import Money, totals
from customers.sales.models.currency_rate import rate_sql
from customers.sales.models.forecast import ForecastFigure
from customers.sales.models.forecast_period import Period

CATEGORIES = [code for code, _label in ForecastFigure.CATEGORIES]


@dataclass(frozen=True)
class Row:
    """One sum of the statement: of a person in a team, in a category and a currency."""

    owner_id: int | None
    team_id: int | None
    category: str
    currency: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Category:
    code: str
    label: Any
    count: int
    amounts: list[Money]
    url: str = ""  # where a page lists them


class Figures:
    """Sums by category, of whatever rows they are made from."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows = list(rows)
        self.urls: dict[str, str] = {}

    @property
    def categories(self) -> list[Category]:
        return [
            Category(code, label, *self._sum({code}), self.urls.get(code, ""))
            for code, label in ForecastFigure.CATEGORIES
        ]

    @property
    def closed(self) -> list[Money]:
        return self._sum({"closed"})[1]

    @property
    def commit(self) -> list[Money]:
        """Won, and what is committed: what a commit of the same period is about."""
        return self._sum({"closed", "commit"})[1]

    @property
    def best_case(self) -> list[Money]:
        return self._sum({"closed", "commit", "best_case"})[1]

    @property
    def pipeline(self) -> list[Money]:
        """Everything that is not omitted."""
        return self._sum({"closed", "commit", "best_case", "pipeline"})[1]

    def own(self, name: str) -> Decimal:
        """One of the above in the organisation's currency."""
        found = {money.currency: money.amount for money in getattr(self, name)}
        return found.get(settings.CURRENCY, Decimal("0.00"))

    def _sum(self, codes: set[str]) -> tuple[int, list[Money]]:
        rows = [row for row in self.rows if row.category in codes]
        return sum(row.count for row in rows), totals(Money(row.amount, row.currency) for row in rows if row.amount)


def of_person(person: User, period: Period, zone: tzinfo, today: date) -> Figures:
    return Figures(_rows("{row}.owner_id = %(owner)s", {"owner": person.pk}, period, zone, today))


def of_teams(team_ids: Sequence[int], period: Period, zone: tzinfo, today: date) -> Figures:
    """With the rows of each person in each of the teams."""
    return Figures(_rows("{row}.team_id = ANY(%(teams)s::bigint[])", {"teams": list(team_ids)}, period, zone, today))


_RATE_WHEN_WON = rate_sql("opportunity.currency", "(change.at AT TIME ZONE %(zone)s)::date")
# What stands open, summed up before it is told at the one rate of today; and what was won and still is. The last three
# conditions say of the opportunity what the change says already: few opportunities are closed in a period, and an index
# knows them.
_SQL = f"""
SELECT owner_id, team_id, category, CASE WHEN rate IS NULL THEN currency ELSE %(home)s END, sum(count)::bigint,
    COALESCE(sum(amount * COALESCE(rate, 1)), 0)
FROM (
    SELECT opportunity.owner_id, opportunity.team_id, opportunity.currency, sum(opportunity.amount) AS amount,
        COALESCE(NULLIF(opportunity.forecast_category, ''), stage.forecast_category) AS category,
        {rate_sql("opportunity.currency", "%(today)s")} AS rate, count(*) AS count
    FROM sales_opportunity AS opportunity JOIN sales_stage AS stage ON stage.id = opportunity.stage_id
    WHERE opportunity.deleted_at IS NULL AND opportunity.closed_at IS NULL
        AND opportunity.expected_close BETWEEN %(first)s AND %(last)s AND {{open}}
    GROUP BY 1, 2, 3, 5
    UNION ALL
    SELECT change.owner_id, change.team_id, opportunity.currency, opportunity.amount, 'closed',
        {_RATE_WHEN_WON}, 1
    FROM sales_stagechange AS change JOIN sales_opportunity AS opportunity ON opportunity.id = change.opportunity_id
    WHERE {{won}} AND {{mine}}
) AS counted
GROUP BY 1, 2, 3, 4
"""
_WON = """change.outcome = 'won' AND change.from_stage_id IS DISTINCT FROM change.to_stage_id
        AND change.at >= %(starts)s AND change.at < %(ends)s AND opportunity.deleted_at IS NULL
        AND opportunity.closed_at = change.at AND opportunity.stage_id = change.to_stage_id
        AND opportunity.closed_at >= %(starts)s AND opportunity.closed_at < %(ends)s"""


def _rows(condition: str, params: dict[str, Any], period: Period, zone: tzinfo, today: date) -> list[Row]:
    starts, ends = period.bounds(zone)
    sql = _SQL.format(open=condition.format(row="opportunity"), won=_WON, mine=condition.format(row="change"))
    given = params | {"first": period.start, "last": period.end, "starts": starts, "ends": ends}
    given |= {"today": today, "zone": str(zone), "home": settings.CURRENCY}
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [Row(*row) for row in cursor.fetchall()]


_CHANGES = "sales_stagechange AS change JOIN sales_opportunity AS opportunity ON opportunity.id = change.opportunity_id"
_OF_THEM = "(change.owner_id = ANY(%(owners)s::bigint[]) OR change.team_id = ANY(%(teams)s::bigint[]))"

Won = dict[tuple[int, date], Decimal]  # by id and first day


def won_by(field: str, ids: Iterable[int], periods: Sequence[Period], zone: tzinfo) -> Won:
    """What each person ("owner") or team (without those below it) won in each of the periods, which follow each other,
    in the organisation's currency. What has no rate is said by `won_without_a_rate`."""
    owners, teams = (list(ids), []) if field == "owner" else ([], list(ids))
    return won(owners, teams, periods, zone)[field]


def won(owners: list[int], teams: list[int], periods: Sequence[Period], zone: tzinfo) -> dict[str, Won]:
    """The same of people and teams, read once: "owner" and "team"."""
    found: dict[str, Won] = {"owner": {}, "team": {}}
    if not periods:
        return found
    starts, ends = periods[0].bounds(zone)[0], periods[-1].bounds(zone)[1]
    sql = f"""SELECT change.owner_id, change.team_id, date_trunc(%(kind)s, change.at AT TIME ZONE %(zone)s)::date,
            COALESCE(sum(opportunity.amount * {_RATE_WHEN_WON}), 0)
        FROM {_CHANGES} WHERE {_WON} AND {_OF_THEM} GROUP BY 1, 2, 3"""
    given: dict[str, Any] = {"kind": periods[0].kind, "zone": str(zone), "starts": starts, "ends": ends}
    with connection.cursor() as cursor:
        cursor.execute(sql, given | {"owners": owners, "teams": teams, "home": settings.CURRENCY})
        rows = cursor.fetchall()
    wanted = {"owner": set(owners), "team": set(teams)}
    for owner, team, start, amount in rows:
        for field, pk in (("owner", owner), ("team", team)):
            if pk in wanted[field]:
                found[field][pk, start] = found[field].get((pk, start), Decimal(0)) + amount
    return found


def won_without_a_rate(owners: list[int], teams: list[int], first: date, last: date, zone: tzinfo) -> list[Money]:
    """What of it could not be converted, from a day to a day."""
    starts, ends = (datetime.combine(day, time.min, zone) for day in (first, last + timedelta(days=1)))
    sql = f"""SELECT sum(opportunity.amount), opportunity.currency FROM {_CHANGES}
        WHERE {_WON} AND {_OF_THEM} AND opportunity.amount IS NOT NULL AND opportunity.currency <> %(home)s
            AND {_RATE_WHEN_WON} IS NULL GROUP BY opportunity.currency"""
    given: dict[str, Any] = {"zone": str(zone), "starts": starts, "ends": ends, "home": settings.CURRENCY}
    with connection.cursor() as cursor:
        cursor.execute(sql, given | {"owners": owners, "teams": teams})
        return totals(Money(*row) for row in cursor.fetchall())


def teams_within_reach(user: Any, verb: Verb, kind: str = "forecast") -> list[Team]:
    """Whose sums a person may read, or whose forecast they may submit: nobody answers for a team by being in it."""
    access = access_of(user)
    reach = min(access.reach(kind, verb), access.reach("opportunity", Verb.VIEW))
    teams = Team.objects.visible_to(user).in_tree_order()
    if reach == Reach.ALL:
        return list(teams)
    return list(teams.filter(pk__in=access.subtree_ids)) if reach == Reach.SUBTREE else []
