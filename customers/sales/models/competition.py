"""How often sales are won where a competitor was met.

An opportunity closed in the period, and not reopened since, counts once against each competitor noted at it: as *won*
where it was won; as *lost* where it was lost, unless the competitor had been *beaten* before. *Lost to them* are those
of the lost that say so. The win rate is won / (won + lost); where nothing was closed there is none. *Open* are the
open opportunities at which the competitor is not beaten. Only opportunities the reader may see count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from customers.sales.models.competitor import CompetitorState, OpportunityCompetitor
from customers.sales.models.pipeline import Stage


@dataclass(frozen=True)
class Tally:
    """Against one competitor."""

    open: int = 0
    won: int = 0
    lost: int = 0
    lost_to: int = 0

    @property
    def win_rate(self) -> Decimal | None:
        return win_rate(self.won, self.lost)


def win_rate(won: int | None, lost: int | None) -> Decimal | None:
    closed = (won or 0) + (lost or 0)
    return Decimal(won or 0) / closed if closed else None


def counts(since: datetime | None = None, until: datetime | None = None) -> dict[str, Q]:
    """What counts as what, of the rows that say who was met where."""
    closed = Q(opportunity__closed_at__isnull=False)
    if since is not None:
        closed &= Q(opportunity__closed_at__gte=since)
    if until is not None:
        closed &= Q(opportunity__closed_at__lt=until)
    beaten = Q(state=CompetitorState.BEATEN)
    was_lost = closed & Q(opportunity__stage__outcome=Stage.Outcome.LOST)
    return {
        "open": Q(opportunity__stage__outcome=Stage.Outcome.OPEN) & ~beaten,
        "won": closed & Q(opportunity__stage__outcome=Stage.Outcome.WON),
        "lost": was_lost & ~beaten,
        "lost_to": was_lost & Q(state=CompetitorState.LOST),
    }


def against(
    competitors: Iterable[int], seen: Any, since: datetime | None = None, until: datetime | None = None
) -> dict[int, Tally]:
    """By competitor, of the opportunities in `seen`, in one statement; none for whom nobody met."""
    rows = (
        OpportunityCompetitor.objects.filter(competitor__in=list(competitors), opportunity__in=seen.order_by())
        .order_by()
        .values_list("competitor")
        .annotate(**{name: Count("pk", filter=which) for name, which in counts(since, until).items()})
    )
    return {pk: Tally(*found) for pk, *found in rows}
