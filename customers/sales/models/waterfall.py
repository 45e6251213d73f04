"""How the pipeline came from what it was to what it is: opening + parts = closing, to the cent.

What *stands in a selection* is defined in `pipeline_history`. The opening is what stood in it when the day before the
first ended, the closing what stood in it when the last day ended. Between them every stage change of an opportunity
is compared with the one before it, and putting it into the bin counts as one more:

- It came in: **newly opened** where it has no change before; **reopened** where it had been closed (won back);
  **moved in** where it came from another pipeline, owner or team; **pulled in** where its expected close moved into
  the selected days. The first that is true counts, with the amount it came in with.
- It went out: **won**; **lost**; put into the **bin**; **moved out** to another pipeline, owner or team; **slipped**,
  where its expected close moved out of the selected days. Again the first that is true, with the amount it left with.
- It was in before and its amount or currency changed: **repriced**, by the difference. In a step that also takes it
  out, the price changes first: what is *won* is therefore what it was sold for. With the currency it leaves one
  waterfall and comes into another.

So an opportunity that was won, reopened and won again counts each time, and the parts of three months add up to those
of the quarter. What was entered as won or lost at once never stood in the pipeline, and is in no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline_history import Selection, end_of, standing_sql

SHOWN = 200


class Part(models.TextChoices):
    OPENING = "opening", _("At the beginning")
    NEW = "new", _("Newly opened")
    REOPENED = "reopened", _("Reopened")
    MOVED_IN = "moved_in", _("Moved in")
    PULLED_IN = "pulled_in", _("Pulled in")
    REPRICED = "repriced", _("Repriced")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    MOVED_OUT = "moved_out", _("Moved out")
    SLIPPED = "slipped", _("Slipped")
    BINNED = "binned", _("Put into the bin")
    CLOSING = "closing", _("At the end")

    @property
    def is_total(self) -> bool:
        return self in (Part.OPENING, Part.CLOSING)


@dataclass(frozen=True)
class Bar:
    """A part of one waterfall; what went out is negative."""

    part: Part
    amount: Decimal = Decimal("0.00")
    count: int = 0  # how many more opportunities stand there because of it
    concerned: int = 0  # how many opportunities it was about


@dataclass(frozen=True)
class Waterfall:
    """One currency's; its bars are all the parts in their order, opening and closing included."""

    currency: str
    bars: list[Bar]


@dataclass(frozen=True)
class Behind:
    """What one opportunity contributed to a bar."""

    opportunity: Opportunity
    amount: Decimal
    count: int


@dataclass(frozen=True)
class Records:
    """The opportunities behind a bar, the largest first, as far as the reader may see them."""

    rows: list[Behind]
    total: int
    hidden: int

    @property
    def is_cut(self) -> bool:
        return len(self.rows) < self.total - self.hidden


def waterfalls(selection: Selection, first: date, last: date) -> list[Waterfall]:
    """One for each currency, the organisation's first; none where nothing stood there or moved."""
    sql = f"""WITH {_told(selection)}
        SELECT part, currency, sum(amount), sum(count), count(DISTINCT opportunity) FROM told GROUP BY part, currency"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _params(selection, first, last))
        found = {(row[0], row[1]): Bar(Part(row[0]), *row[2:]) for row in cursor.fetchall()}
    currencies = sorted({code for _part, code in found}, key=lambda code: (code != settings.CURRENCY, code))
    parts = [part for part in Part if selection.has_window or part not in (Part.PULLED_IN, Part.SLIPPED)]
    return [Waterfall(code, [found.get((part, code), Bar(part)) for part in parts]) for code in currencies]


def records_behind(
    selection: Selection, first: date, last: date, part: Part, currency: str, limit: int | None = SHOWN
) -> Records:
    """The opportunities that make up one bar, each with what it adds."""
    allowed = Opportunity.objects.permitted(selection.reader, selection.verb)
    seen, params = _named(allowed)
    sql = f"""WITH {_told(selection, part)}, behind AS MATERIALIZED (
            SELECT opportunity, sum(amount) AS amount, sum(count) AS count, opportunity IN ({seen}) AS visible
            FROM told WHERE part = %(part)s AND currency = %(currency)s GROUP BY opportunity),
        listed AS (SELECT * FROM behind WHERE visible ORDER BY abs(amount) DESC, opportunity LIMIT %(limit)s)
        SELECT totals.total, totals.hidden, listed.opportunity, listed.amount, listed.count
        FROM (SELECT count(*) AS total, count(*) FILTER (WHERE NOT visible) AS hidden FROM behind) AS totals
        LEFT JOIN listed ON TRUE ORDER BY abs(listed.amount) DESC, listed.opportunity"""
    given = _params(selection, first, last) | params | {"part": part.value, "currency": currency, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found = cursor.fetchall()
    related = allowed.select_related("customer", "owner", "stage")
    opportunities = related.in_bulk([row[2] for row in found if row[2] is not None])
    rows = [Behind(opportunities[row[2]], row[3], row[4]) for row in found if row[2] in opportunities]
    return Records(rows, found[0][0], found[0][1])


def _params(selection: Selection, first: date, last: date) -> dict[str, Any]:
    opens, closes = end_of(first - timedelta(days=1)), end_of(last)
    return selection.params | {"opens": opens, "closes": closes, "moment": closes}


def _named(queryset: Any) -> tuple[str, dict[str, Any]]:
    """A subquery of ids whose values have names, to stand in a statement whose values have."""
    query = queryset.order_by().values("pk").query
    if query.is_empty():
        return "SELECT NULL::bigint WHERE FALSE", {}
    sql, values = query.sql_with_params()
    names = [f"seen_{number}" for number in range(len(values))]
    named = sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in names)
    return named, dict(zip(names, values, strict=True))


# The last change before it begins, those until it ends, and the last one once more where it was put into the bin.
_STATES = """
watched AS MATERIALIZED (
    -- Closed or in the bin for good before it begins: not in the opening, and nothing of it moves afterwards.
    SELECT id, deleted_at FROM sales_opportunity
    WHERE (closed_at IS NULL OR closed_at >= %(opens)s) AND (deleted_at IS NULL OR deleted_at >= %(opens)s)),
state AS (
    SELECT change.*, FALSE AS binned, watched.deleted_at FROM watched CROSS JOIN LATERAL (
        SELECT * FROM sales_stagechange AS past WHERE past.opportunity_id = watched.id AND past.at < %(opens)s
        ORDER BY past.at DESC, past.id DESC LIMIT 1) AS change
    UNION ALL
    SELECT change.*, FALSE, watched.deleted_at
    FROM watched JOIN sales_stagechange AS change ON change.opportunity_id = watched.id
    WHERE change.at >= %(opens)s AND change.at < %(closes)s
    UNION ALL
    SELECT change.*, TRUE, watched.deleted_at FROM watched CROSS JOIN LATERAL (
        SELECT * FROM sales_stagechange AS past
        WHERE past.opportunity_id = watched.id AND past.at <= watched.deleted_at
        ORDER BY past.at DESC, past.id DESC LIMIT 1) AS change
    WHERE watched.deleted_at < %(closes)s)"""

# Each state beside the one before it.
_STEPS = """
judged AS (SELECT *, outcome = 'open' AND mine AND due AND alive AS inside FROM placed),
step AS MATERIALIZED (
    SELECT *, lag(inside, 1, FALSE) OVER earlier AS was_inside, lag(outcome) OVER earlier AS was_outcome,
        lag(mine) OVER earlier AS was_mine, lag(amount) OVER earlier AS was_amount,
        lag(currency) OVER earlier AS was_currency
    FROM judged WINDOW earlier AS (PARTITION BY opportunity ORDER BY at, binned, id))"""

_PARTS = """
    SELECT opportunity, currency, amount, 1 AS count, CASE
        WHEN at < %(opens)s THEN 'opening' WHEN was_outcome IS NULL THEN 'new'
        WHEN was_outcome <> 'open' THEN 'reopened' WHEN NOT was_mine THEN 'moved_in'
        ELSE 'pulled_in' END AS part
    FROM step WHERE inside AND NOT was_inside
    UNION ALL
    SELECT opportunity, was_currency, -was_amount, -1, 'repriced' FROM step
    WHERE was_inside AND (amount, currency) <> (was_amount, was_currency)
    UNION ALL
    SELECT opportunity, currency, amount, 1, 'repriced' FROM step
    WHERE was_inside AND (amount, currency) <> (was_amount, was_currency)
    UNION ALL
    SELECT opportunity, currency, -amount, -1, CASE
        WHEN outcome <> 'open' THEN outcome WHEN NOT alive THEN 'binned' WHEN NOT mine THEN 'moved_out'
        ELSE 'slipped' END
    FROM step WHERE was_inside AND NOT inside"""


def _told(selection: Selection, part: Part | None = None) -> str:
    """`told`: every contribution of an opportunity to a part, as its currency, amount and count.

    Where only one part is wanted, what it does not need is left out.
    """
    closing = f"""SELECT opportunity, currency, COALESCE(amount, 0) AS amount, 1 AS count, 'closing' AS part
        FROM ({standing_sql(selection)}) AS standing"""
    if part == Part.CLOSING:
        return f"told AS ({closing})"
    placed = f"""SELECT opportunity_id AS opportunity, id, CASE WHEN binned THEN deleted_at ELSE at END AS at, binned,
            outcome, currency, COALESCE(amount, 0) AS amount, {selection.mine} AS mine, {selection.due} AS due,
            NOT binned AND (deleted_at IS NULL OR deleted_at > at) AS alive
        FROM state AS change"""
    told = _PARTS if part else f"{_PARTS} UNION ALL {closing}"
    return f"{_STATES}, placed AS ({placed}), {_STEPS}, told AS ({told})"
