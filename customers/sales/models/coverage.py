"""How many open sales have a next step with a date: the share that something will happen to by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, Subquery

from customers.models import Task
from customers.sales.models.opportunity import Opportunity


@dataclass(frozen=True)
class Coverage:
    """Of `open` sales, so many have a dated next step; of these, so many are overdue."""

    open: int = 0
    dated: int = 0
    overdue: int = 0

    @property
    def share(self) -> float | None:
        """None where nothing is open: neither 0 nor 100 %."""
        return self.dated / self.open if self.open else None

    @property
    def without(self) -> int:
        return self.open - self.dated

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.open + other.open, self.dated + other.dated, self.overdue + other.overdue)


@dataclass(frozen=True)
class Line:
    """The coverage of one person in one team; both may be nobody."""

    owner_id: int | None
    owner: str
    team_id: int | None
    team: str
    coverage: Coverage


def lines(opportunities: Any, user: Any, now: datetime) -> list[Line]:
    """By person and team, in one statement; `opportunities` are those the person may see and asked for."""
    due = Task.objects.visible_to(user).open().filter(about_kind=Opportunity.kind, about_id=OuterRef("pk"))
    earliest = due.order_by().values("about_id").values(first=Min("due_at"))
    rows = (
        opportunities.open()
        .annotate(step_at=Subquery(earliest))
        .order_by()
        .values("owner_id", "owner__name", "team_id", "team__name")
        .annotate(
            open=Count("pk"),
            dated=Count("pk", filter=Q(step_at__isnull=False)),
            overdue=Count("pk", filter=Q(step_at__lt=now)),
        )
    )
    found = [
        Line(
            row["owner_id"], row["owner__name"] or "", row["team_id"], row["team__name"] or "",
            Coverage(row["open"], row["dated"], row["overdue"]),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda line: (line.team, line.owner, line.owner_id or 0))


def total(found: Iterable[Line]) -> Coverage:
    return sum((line.coverage for line in found), Coverage())
