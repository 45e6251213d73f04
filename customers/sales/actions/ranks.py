"""Where a card stands in its column. A place is presentation: it has no version and makes no event."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Max, Min

from customers.sales.models import Opportunity, Stage
from customers.sales.models.rank import BASE, HEAD, LIMIT, NoRoom, between

LOCK = 7_301  # class of the advisory locks that put moves within one column in a row


def on_top(stage: Stage) -> str:
    """A place above every card of the column."""
    _hold(stage)
    return between("", _column(stage).aggregate(first=Min("rank"))["first"] or "")


def beside(stage: Stage, previous: Opportunity | None, following: Opportunity | None) -> str:
    """The place right below `previous`, or else right above `following`, as the person saw them.

    Between the two there may be cards they did not see; those keep their places.
    """
    _hold(stage)
    if previous is None and following is None:
        return between("", _column(stage).aggregate(first=Min("rank"))["first"] or "")
    try:
        return _beside(stage, previous, following)
    except NoRoom:
        spread_out(stage)
        return _beside(stage, previous, following)


def _beside(stage: Stage, previous: Opportunity | None, following: Opportunity | None) -> str:
    if previous is not None:
        lower = _rank_of(previous)
        above = _column(stage).exclude(pk=previous.pk).filter(rank__gte=lower)
        upper = above.aggregate(next=Min("rank"))["next"] or ""
    else:
        upper = _rank_of(following)
        below = _column(stage).exclude(pk=following.pk).filter(rank__lte=upper)  # type: ignore[union-attr]
        lower = below.aggregate(last=Max("rank"))["last"] or ""
    if not (lower if previous is not None else upper):
        raise NoRoom("a card without a place: it came from an import")
    rank = between(lower, upper)
    if len(rank) > LIMIT:
        raise NoRoom("ranks have grown too long")
    return rank


def spread_out(stage: Stage) -> None:
    """Give every card of the column a new, short place in the order they have. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, {"stage": stage.pk, "width": BASE**HEAD, "base": BASE, "head": HEAD})


# Base 36 is written digit by digit: PostgreSQL has no function for it. A sales_opportunity row is touched only if
# its place changes. Cards in the bin keep a place of their own and may come back anywhere.
_SPREAD = """
WITH placed AS (
    SELECT id, row_number() OVER (ORDER BY rank, id) AS place, count(*) OVER () AS total
    FROM sales_opportunity WHERE stage_id = %(stage)s AND deleted_at IS NULL
), numbered AS (
    SELECT id, place * (%(width)s::bigint / (total + 2)) AS number FROM placed
), written AS (
    SELECT id, (
        SELECT string_agg(
            substr('0123456789abcdefghijklmnopqrstuvwxyz',
                   ((number / (%(base)s ^ digit)::bigint) %% %(base)s)::int + 1, 1),
            '' ORDER BY digit DESC)
        FROM generate_series(0, %(head)s - 1) AS digit
    ) AS rank FROM numbered
)
UPDATE sales_opportunity SET rank = written.rank FROM written
WHERE sales_opportunity.id = written.id AND sales_opportunity.rank <> written.rank
"""


def _hold(stage: Stage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, stage.pk])


def _column(stage: Stage) -> Any:
    return Opportunity.objects.alive().in_stage(stage)


def _rank_of(card: Any) -> str:
    return Opportunity._base_manager.values_list("rank", flat=True).get(pk=card.pk)
