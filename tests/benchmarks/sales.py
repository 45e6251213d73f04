"""The pages of sales over every opportunity and its history: forecast, pipeline as of a day, waterfall."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.test import Client

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.sales.models import Pipeline
from customers.sales.models.forecast_figures import of_teams
from customers.sales.models.forecast_period import Period, organisation_zone
from customers.sales.models.pipeline_history import Selection, altogether, end_of, standing
from customers.sales.models.waterfall import Part, waterfalls
from tests.benchmarks.big_organisation import NOW
from tests.benchmarks.browsing import PAGE, seen_by, signed_in
from tests.benchmarks.timing import Operation, query

RATIO = 1.5
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)


def operations(user: User) -> Iterator[Operation]:
    client = signed_in(user)
    if user.access.reach("opportunity", Verb.VIEW) == Reach.ALL:
        yield from forecasts(client)
    yield from histories(client, user)


def forecasts(client: Client) -> Iterator[Operation]:
    """The sums of a quarter, of every person in every team; and the page that shows them."""
    period = Period.of("quarter", NOW.date())
    zone = organisation_zone()
    teams = list(Team.objects.values_list("pk", flat=True))
    starts, ends = period.bounds(zone)

    def ours() -> Any:
        return sorted(
            (row.owner_id, row.category, row.count, row.amount)
            for row in of_teams(teams, period, zone, NOW.date()).rows
        )

    def raw() -> Any:
        return sorted(
            query(
                "SELECT opportunity.owner_id, stage.forecast_category, count(*), sum(amount) "
                "FROM sales_opportunity AS opportunity JOIN sales_stage AS stage ON stage.id = stage_id "
                "WHERE deleted_at IS NULL AND closed_at IS NULL AND expected_close BETWEEN %(first)s AND %(last)s "
                "GROUP BY 1, 2 UNION ALL SELECT owner_id, 'closed', count(*), sum(amount) "
                "FROM sales_opportunity AS opportunity JOIN sales_stage AS stage ON stage.id = stage_id "
                "WHERE deleted_at IS NULL AND stage.outcome = 'won' AND closed_at >= %(starts)s "
                "AND closed_at < %(ends)s GROUP BY 1",
                {"first": period.start, "last": period.end, "starts": starts, "ends": ends},
            )
        )

    def page() -> int:
        return client.get("/sales/forecast/", {"period": period.code}).status_code

    yield Operation("forecast, sums of all people", ours, raw, most=RATIO)
    yield Operation("forecast, page", page, raw, check=lambda ours, _raw: ours == 200, budget=PAGE)


def histories(client: Client, user: User) -> Iterator[Operation]:
    selection = Selection(Pipeline.objects.get(), user)

    def stood() -> Any:
        sums = altogether(standing(selection, FIRST))
        return sums.count, sum(money.amount for money in sums.amounts)

    def raw_stood() -> Any:
        return _stood(selection, FIRST)

    yield Operation("pipeline as of a day", stood, raw_stood, most=RATIO)

    def fall() -> Any:
        return {bar.part.value: bar.amount for one in waterfalls(selection, FIRST, LAST) for bar in one.bars}

    def raw_fall() -> Any:
        """Its two ends, and what was won, lost and opened between them; the parts in between are ours alone."""
        opens, closes = end_of(FIRST - timedelta(days=1)), end_of(LAST)
        moved = query(
            f"""WITH step AS (SELECT change.*, lag(change.outcome) OVER past AS was
                FROM sales_stagechange AS change JOIN sales_opportunity AS sale ON sale.id = change.opportunity_id
                WHERE at < %(closes)s AND sale.deleted_at IS NULL
                    AND (sale.closed_at IS NULL OR sale.closed_at >= %(opens)s)
                WINDOW past AS (PARTITION BY change.opportunity_id ORDER BY at, change.id))
            SELECT CASE WHEN was IS NULL THEN 'new' ELSE outcome END, sum(CASE WHEN was IS NULL THEN amount
                ELSE -amount END) FROM step WHERE at >= %(opens)s AND {_of(user)}
                AND ((was IS NULL AND outcome = 'open') OR (was = 'open' AND outcome <> 'open')) GROUP BY 1""",
            {"opens": opens, "closes": closes},
        )
        ends = {"opening": _stood(selection, FIRST - timedelta(days=1))[1], "closing": _stood(selection, LAST)[1]}
        return ends | dict(moved)

    def same(ours: dict[str, Any], raw: dict[str, Any]) -> bool:
        inner = sum(amount for part, amount in ours.items() if not Part(part).is_total)
        adds_up = ours["opening"] + inner == ours["closing"]
        return adds_up and all(ours[part] == amount for part, amount in raw.items())

    yield Operation("waterfall of a quarter", fall, raw_fall, check=same, most=RATIO)
    between = {"first": FIRST.isoformat(), "last": LAST.isoformat()}

    def page() -> int:
        return client.get("/sales/waterfall/", between).status_code

    yield Operation("waterfall, page", page, raw_fall, check=lambda ours, _raw: ours == 200)


def _of(user: User) -> str:
    """Whose changes count, by who held the opportunity then."""
    return seen_by(user, "opportunity").replace("deleted_at IS NULL", "TRUE")


def _stood(selection: Selection, day: date) -> Any:
    return query(
        f"""SELECT count(*), sum(amount) FROM (
            SELECT DISTINCT ON (opportunity_id) change.* FROM sales_stagechange AS change
            JOIN sales_opportunity AS sale ON sale.id = change.opportunity_id
            WHERE at < %(moment)s AND sale.deleted_at IS NULL
                AND (sale.closed_at IS NULL OR sale.closed_at >= %(moment)s)
            ORDER BY opportunity_id, at DESC, change.id DESC) AS last
        WHERE outcome = 'open' AND {_of(selection.reader)}""",
        {"moment": end_of(day)},
    )[0]
