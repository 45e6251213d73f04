"""How far the opportunities opened on certain days have come since, and how long they stayed in each stage.

A cohort, not a snapshot: all opportunities whose history began in the pipeline on these days, with the owner and team
of that moment selected and within the reader's reach; those in the bin are left out. Of those that entered a stage,

- **went on** means that they later entered a stage further along, or were won;
- **lost** that they did not and are lost now; **open** that they did neither yet, so that the share may still rise.

The time in a stage is counted from each entry until the next, edits within the stage aside. Who is still there counts
as well, as lasting *at least* until now (censored): the median is the Kaplan-Meier estimate, the first time by which
half have left. There is none while more than half stay longer than anybody has been seen to leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from customers.sales.models.pipeline import Stage
from customers.sales.models.pipeline_history import Selection, end_of


@dataclass(frozen=True)
class Cohort:
    opened: int = 0
    won: int = 0
    lost: int = 0

    @property
    def open(self) -> int:
        return self.opened - self.won - self.lost


@dataclass(frozen=True)
class StageConversion:
    """One stage; `stays` are its entries, `unfinished` those of them that have not ended."""

    stage: Stage
    entered: int = 0
    went_on: int = 0
    lost: int = 0
    stays: int = 0
    unfinished: int = 0
    median: timedelta | None = None

    @property
    def open(self) -> int:
        return self.entered - self.went_on - self.lost

    @property
    def share(self) -> float | None:
        return self.went_on / self.entered if self.entered else None


_ENTRIES = """entry AS MATERIALIZED (
    SELECT change.opportunity_id AS opportunity, change.to_stage_id AS stage, change.pipeline_id AS pipeline,
        change.outcome, change.at, row_number() OVER later AS no, lead(change.at) OVER later AS left_at
    FROM cohort JOIN sales_stagechange AS change ON change.opportunity_id = cohort.id
    WHERE change.from_stage_id IS DISTINCT FROM change.to_stage_id AND change.at <= %(now)s
    WINDOW later AS (PARTITION BY change.opportunity_id ORDER BY change.at, change.id))"""

_REACHED = """reached AS (
    SELECT entry.opportunity, entry.stage, bool_or(COALESCE(
        further.outcome = 'won' OR further.outcome = 'open' AND there.position > here.position, FALSE)) AS went_on
    FROM entry JOIN sales_stage AS here ON here.id = entry.stage
    LEFT JOIN entry AS further ON further.opportunity = entry.opportunity AND further.no > entry.no
        AND further.pipeline = entry.pipeline
    LEFT JOIN sales_stage AS there ON there.id = further.stage
    WHERE entry.outcome = 'open' AND entry.pipeline = %(pipeline)s GROUP BY entry.opportunity, entry.stage),
counted AS (
    SELECT reached.stage, count(*) AS entered, count(*) FILTER (WHERE went_on) AS went_on,
        count(*) FILTER (WHERE NOT went_on AND now_in.outcome = 'lost') AS lost
    FROM reached JOIN entry AS now_in ON now_in.opportunity = reached.opportunity AND now_in.left_at IS NULL
    GROUP BY reached.stage)"""

_TIMES = """times AS (
    SELECT stage, EXTRACT(epoch FROM COALESCE(left_at, %(now)s) - at)::float8 AS seconds,
        count(*) AS stays, count(left_at) AS ended
    FROM entry WHERE outcome = 'open' AND pipeline = %(pipeline)s GROUP BY stage, seconds),
risk AS (
    SELECT *, sum(stays) OVER (PARTITION BY stage ORDER BY seconds DESC)::float8 AS at_risk FROM times),
curve AS (
    SELECT *, exp(sum(CASE WHEN ended < at_risk THEN ln(1 - ended / at_risk) ELSE '-Infinity' END)
        OVER (PARTITION BY stage ORDER BY seconds)) AS survival
    FROM risk),
lasting AS (
    SELECT stage, sum(stays)::bigint AS stays, sum(stays - ended)::bigint AS unfinished,
        min(seconds) FILTER (WHERE survival <= 0.5 + 1e-9) AS median
    FROM curve GROUP BY stage)"""


def stage_conversion(selection: Selection, first: date, last: date, now: datetime) -> list[StageConversion]:
    """Stage by stage, in the pipeline's order, for what was opened from `first` to `last`."""
    sql = f"""WITH {_cohort(selection)}, {_ENTRIES}, {_REACHED}, {_TIMES}
        SELECT stage, entered, went_on, lost, stays, unfinished, median FROM counted JOIN lasting USING (stage)"""
    found = {row[0]: _numbers(*row[1:]) for row in _rows(sql, selection, first, last, now)}
    stages = [stage for stage in selection.pipeline.stages.order_by("position", "pk") if stage.is_open]
    stages += list(Stage.objects.filter(pk__in=found.keys() - {stage.pk for stage in stages}))
    return [StageConversion(stage, **found.get(stage.pk, {})) for stage in stages]


def cohort(selection: Selection, first: date, last: date, now: datetime) -> Cohort:
    """How many were opened, and what has become of them."""
    sql = f"""WITH {_cohort(selection)}, {_ENTRIES}
        SELECT count(*), count(*) FILTER (WHERE outcome = 'won'), count(*) FILTER (WHERE outcome = 'lost')
        FROM entry WHERE left_at IS NULL"""
    return Cohort(*_rows(sql, selection, first, last, now)[0])


def _rows(sql: str, selection: Selection, first: date, last: date, now: datetime) -> list[tuple[Any, ...]]:
    bounds = {"opens": end_of(first - timedelta(days=1)), "closes": end_of(last), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(sql, selection.params | bounds)
        return cursor.fetchall()


def _cohort(selection: Selection) -> str:
    """Changes of these days with none before them: to look up the first of every opportunity took five times that."""
    return f"""cohort AS MATERIALIZED (
        SELECT opened.id FROM sales_stagechange AS change
            JOIN sales_opportunity AS opened ON opened.id = change.opportunity_id
        WHERE change.at >= %(opens)s AND change.at < %(closes)s AND change.at <= %(now)s
            AND {selection.mine} AND opened.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM sales_stagechange AS past
                WHERE past.opportunity_id = change.opportunity_id AND (past.at, past.id) < (change.at, change.id)))"""


def _numbers(
    entered: int, went_on: int, lost: int, stays: int, unfinished: int, median: float | None
) -> dict[str, Any]:
    lasting = None if median is None else timedelta(seconds=median)
    return {"entered": entered, "went_on": went_on, "lost": lost, "stays": stays, "unfinished": unfinished,
            "median": lasting}  # fmt: skip
