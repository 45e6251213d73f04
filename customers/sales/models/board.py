"""The pipeline as a board: its columns with their cards and sums, in as few queries as there are columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Min, Sum
from django.db.models.functions import Coalesce

from crm import keyset
from customers.models import Task
from customers.sales.models import closed_amounts
from customers.sales.models.currency import Money, totals
from customers.sales.models.currency_rate import Rates
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.pipeline import Pipeline, Stage

SHOWN = 50


@dataclass
class Sums:
    """How many there are and what they come to, at the rates of a day; what has no rate stands beside."""

    count: int = 0
    unpriced: int = 0
    amounts: list[Money] = field(default_factory=list)
    weighted: list[Money] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether the reader is shown how many, and not what they come to."""
        return closed_amounts.are_hidden()


@dataclass
class Column:
    stage: Stage
    sums: Sums
    cards: list[Any]

    @property
    def hidden(self) -> int:
        """How many more there are than are shown."""
        return max(self.sums.count - len(self.cards), 0)


def columns(opportunities: Any, pipeline: Pipeline, user: Any, today: date, limit: int = SHOWN) -> list[Column]:
    """Every open stage with its topmost cards; `opportunities` are those the person may see and asked for."""
    stages = list(pipeline.stages.open().order_by("position", "pk"))
    sums = sums_in(stages, opportunities, today)
    found = [
        Column(stage, sums.get(stage.pk, Sums()), cards(opportunities, stage, limit) if stage.pk in sums else [])
        for stage in stages
    ]
    add_next_steps([card for column in found for card in column.cards], user)
    return found


def cards(opportunities: Any, stage: Stage, limit: int = SHOWN, below: tuple[str, int] | None = None) -> list[Any]:
    """The cards of one column in order: the topmost, or those below a rank and id."""
    queryset = opportunities.in_stage(stage).for_cards().by_rank()
    if below is not None:
        queryset = keyset.after(queryset, ("rank", "pk"), below, descending=False)
    found = list(queryset[:limit])
    for card in found:
        card.stage = stage
    return found


def sums_by_stage(opportunities: Any, pipeline: Pipeline, today: date) -> dict[int, Sums]:
    """Count, sum and weighted sum of every open stage of the pipeline."""
    return sums_in(list(pipeline.stages.open()), opportunities, today)


def sums_in(stages: list[Stage], opportunities: Any, today: date) -> dict[int, Sums]:
    """The same of these stages, in one query that the index `opportunity_sums` answers alone: their keys are told, and
    what the stage says of the chance is known here and need not be joined."""
    standard = {stage.pk: stage.probability for stage in stages}
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in _summed(opportunities.filter(stage__in=stages), "stage_id", likely=F("probability")):
        if row["likely"] is None:
            row["likely"] = standard[row["stage_id"]]
        grouped.setdefault(row["stage_id"], []).append(row)
    rates = Rates(today)
    return {stage_id: _add_up(of_stage, rates) for stage_id, of_stage in grouped.items()}


def sums_of(opportunities: Any, today: date) -> Sums:
    """The same of any opportunities together, in one query."""
    return _add_up(list(_summed(opportunities, likely=Coalesce("probability", "stage__probability"))), Rates(today))


def _summed(opportunities: Any, *by: str, likely: Any) -> Any:
    """Added up by chance, so that a sum is multiplied once and not every amount."""
    return (
        opportunities.order_by()
        .values(*by, "currency", likely=likely)
        .annotate(count=Count("*"), priced=Count("amount"), total=Sum("amount"))
    )


def overall(sums: Iterable[Sums]) -> Sums:
    """The sums of several columns together."""
    found = list(sums)
    return Sums(
        count=sum(one.count for one in found),
        unpriced=sum(one.unpriced for one in found),
        amounts=totals(money for one in found for money in one.amounts),
        weighted=totals(money for one in found for money in one.weighted),
    )


def next_steps(opportunities: Iterable[Opportunity], user: Any) -> dict[int, datetime | None]:
    """When the earliest open task about each is due, for those that have one. One query."""
    ids = [opportunity.pk for opportunity in opportunities]
    if not ids:
        return {}
    tasks = Task.objects.visible_to(user).open().filter(about_kind=Opportunity.kind, about_id__in=ids)
    return dict(tasks.order_by().values_list("about_id").annotate(Min("due_at")))


def add_next_steps(opportunities: list[Any], user: Any) -> None:
    """Lets each say `has_next_step` and `next_step_at`."""
    steps = next_steps(opportunities, user)
    for opportunity in opportunities:
        opportunity.has_next_step = opportunity.pk in steps
        opportunity.next_step_at = steps.get(opportunity.pk)


def _add_up(rows: list[dict[str, Any]], rates: Rates) -> Sums:
    priced = [row for row in rows if row["priced"]]
    return Sums(
        count=sum(row["count"] for row in rows),
        unpriced=sum(row["count"] - row["priced"] for row in rows),
        amounts=rates.total(Money(row["total"], row["currency"]) for row in priced),
        weighted=rates.total(Money(row["total"] * row["likely"], row["currency"]) for row in priced),
    )
