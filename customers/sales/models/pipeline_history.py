"""The pipeline as it stood at the end of any day, told from the append-only stage changes.

An opportunity **stands in a selection** at a moment if, by its last stage change before that moment,

- it was open, and not in the bin (what was taken out of the bin again counts as if it had never been there),
- it was in the selection's pipeline,
- its owner and team of then are those selected, and within the reader's reach: own, the team's, the team's and those
  below, or all. Handing it over does not rewrite last quarter. A team includes those below it in today's tree,
- and, where days of closing are selected, it was expected to close on one of them; without a date it is on none.

A day ends at midnight in the organisation's timezone. Amounts of different currencies are never added together; an
opportunity without an amount counts as one of 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from crm.access.grants import access_of
from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.sales.models.board import Sums, overall
from customers.sales.models.currency import Money, totals
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Pipeline, Stage


@dataclass(frozen=True)
class Selection:
    """Which opportunities are asked for, and by whom: nobody gets sums of what their role does not reach."""

    pipeline: Pipeline
    reader: Any
    owner: User | None = None
    team: Team | None = None  # with those below it
    closes_from: date | None = None
    closes_until: date | None = None
    verb: Verb = Verb.VIEW

    @property
    def has_window(self) -> bool:
        """Whether only what is expected to close on certain days is asked for."""
        return bool(self.closes_from or self.closes_until)

    @property
    def mine(self) -> str:
        """The condition, over `change`, that pipeline, owner and team of then are selected and within reach."""
        parts = ["change.pipeline_id = %(pipeline)s", self._reach]
        if self.owner:
            parts.append("change.owner_id = %(owner)s")
        if self.team:
            parts.append("change.team_id IN (SELECT id FROM crm_team WHERE path @> ARRAY[%(team)s::bigint])")
        return f"COALESCE({' AND '.join(parts)}, FALSE)"

    @property
    def due(self) -> str:
        """The condition, over `change`, that it was expected to close on one of the selected days."""
        parts = []
        if self.closes_from:
            parts.append("change.expected_close >= %(closes_from)s")
        if self.closes_until:
            parts.append("change.expected_close <= %(closes_until)s")
        return f"COALESCE({' AND '.join(parts)}, FALSE)" if parts else "TRUE"

    @property
    def params(self) -> dict[str, Any]:
        access = access_of(self.reader)
        return {
            "pipeline": self.pipeline.pk,
            "owner": self.owner and self.owner.pk,
            "team": self.team and self.team.pk,
            "closes_from": self.closes_from,
            "closes_until": self.closes_until,
            "reader": self.reader.pk,
            "reader_team": access.team_id,
            "reader_teams": access.subtree_ids,
        }

    @property
    def _reach(self) -> str:
        reach = access_of(self.reader).reach(Opportunity.kind, self.verb)
        own = "change.owner_id = %(reader)s"
        return {
            Reach.ALL: "TRUE",
            Reach.SUBTREE: f"({own} OR change.team_id = ANY(%(reader_teams)s::bigint[]))",
            Reach.TEAM: f"({own} OR change.team_id = %(reader_team)s)",
            Reach.OWN: own,
        }.get(reach, "FALSE")


@dataclass
class Standing:
    """What stood in one stage."""

    stage: Stage
    sums: Sums = field(default_factory=Sums)


def end_of(day: date) -> datetime:
    """The midnight that ends a day of the organisation."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(settings.TIME_ZONE))


def standing_sql(selection: Selection) -> str:
    """One row for each opportunity that stands in the selection before `moment`.

    What was closed or in the bin by then for good is left out before its history is looked at.
    """
    return f"""SELECT watched.id AS opportunity, change.to_stage_id AS stage, change.currency,
            change.amount, change.amount * change.probability AS weighted
        FROM sales_opportunity AS watched CROSS JOIN LATERAL (
            SELECT * FROM sales_stagechange AS past WHERE past.opportunity_id = watched.id AND past.at < %(moment)s
            ORDER BY past.at DESC, past.id DESC LIMIT 1) AS change
        WHERE (watched.closed_at IS NULL OR watched.closed_at >= %(moment)s)
            AND (watched.deleted_at IS NULL OR watched.deleted_at >= %(moment)s)
            AND change.outcome = 'open' AND {selection.mine} AND {selection.due}"""


def standing(selection: Selection, day: date) -> list[Standing]:
    """Stage by stage, what stood in the pipeline when the day ended: all open stages, and others that held any."""
    sql = f"""SELECT stage, currency, count(*), count(amount), COALESCE(sum(amount), 0), COALESCE(sum(weighted), 0)
        FROM ({standing_sql(selection)}) AS standing GROUP BY stage, currency"""
    with connection.cursor() as cursor:
        cursor.execute(sql, selection.params | {"moment": end_of(day)})
        found = cursor.fetchall()
    held = {row[0] for row in found}
    stages = [stage for stage in selection.pipeline.stages.order_by("position", "pk") if stage.is_open]
    # A stage whose outcome was edited since, or that went to another pipeline, still held what it held.
    stages += list(Stage.objects.filter(pk__in=held - {stage.pk for stage in stages}).order_by("position", "pk"))
    return [Standing(stage, _sums([row for row in found if row[0] == stage.pk])) for stage in stages]


def altogether(stages: list[Standing]) -> Sums:
    return overall(one.sums for one in stages)


def _sums(rows: list[tuple[int, str, int, int, Decimal, Decimal]]) -> Sums:
    return Sums(
        count=sum(row[2] for row in rows),
        unpriced=sum(row[2] - row[3] for row in rows),
        amounts=totals(Money(amount, currency) for _stage, currency, _count, priced, amount, _ in rows if priced),
        weighted=totals(Money(weighted, currency) for _stage, currency, _count, priced, _, weighted in rows if priced),
    )
