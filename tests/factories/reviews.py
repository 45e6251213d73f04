"""Reviews and plans, through the actions that make them in life."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from evaluation.actions import cycles, plans, reviews, signatures
from evaluation.actions.freezing import digest_of
from evaluation.actions.signatures import report_of
from evaluation.engine import scopes
from evaluation.formulas import periods
from evaluation.models import ActionPlan, Cycle, FrozenLine, Review
from tests.factories.evaluation import lost, won

Q1 = periods.parse("2026-Q1")
CODES = ["win_rate", "csat"]
FROZEN = datetime(2026, 4, 6, 9, tzinfo=UTC)


def a_cycle(cast: Any, **said: Any) -> Cycle:
    """The first quarter of 2026 of the rep, held by the manager of North."""
    if cast.north.manager is None:
        cast.north.manager = cast.manager
        cast.north.save()
    known: dict[str, Any] = {
        "name": "First quarter", "period": Q1, "kpi_codes": CODES, "people": [cast.rep], "by": cast.manager,
        "at": datetime(2025, 12, 20, 9, tzinfo=UTC), **said,
    }  # fmt: skip
    return cycles.plan(**known)


def advanced(cycle: Cycle, *states: str, by: Any, at: datetime = FROZEN) -> Cycle:
    for state in states:
        cycle = cycles.advance(cycle, to=state, by=by, at=at)
    return cycle


def a_frozen_review(cast: Any, **said: Any) -> Review:
    """Two won and one lost in the quarter."""
    won("2026-01-10", cast.rep, name="Won in January")
    won("2026-02-10", cast.rep, name="Won in February")
    lost("2026-03-10", cast.rep, name="Lost in March")
    cycle = advanced(a_cycle(cast, **said), "open", "running", "closed", "frozen", by=cast.manager)
    return cycle.reviews.get()


def at_the_meeting(review: Review, cast: Any, at: datetime = FROZEN) -> Review:
    reviews.hand_in(review, by=cast.rep, at=at)
    reviews.comment(review=review, role="reviewer", text="Well done.", by=cast.manager, at=at)
    reviews.finish(review, by=cast.manager, at=at)
    reviews.set_meeting(review, on=at.date(), by=cast.manager, at=at)
    return Review.objects.get(pk=review.pk)


def digest_now(review: Review) -> str:
    return digest_of(report_of(Review.objects.get(pk=review.pk)))


def signed_by_both(review: Review, cast: Any, at: datetime = FROZEN, objection: str = "") -> Review:
    digest = digest_now(review)
    signatures.sign(review, digest=digest, by=cast.rep, at=at, objection=objection)
    signatures.sign(review, digest=digest, by=cast.manager, at=at)
    return Review.objects.get(pk=review.pk)


def a_plan(cast: Any, **said: Any) -> ActionPlan:
    known: dict[str, Any] = {
        "name": "Qualify earlier", "reason": "Too many are lost late.", "kpi_code": "win_rate",
        "expected_effect": 0.1, "scope": scopes.of_person(cast.rep), "owner": cast.rep,
        "due_on": date(2026, 5, 31), "effect_due_on": date(2026, 9, 1), "by": cast.manager, "at": FROZEN,
        "steps": [{"title": "Ask for the budget first"}], **said,
    }  # fmt: skip
    return plans.draft(**known)


def current_lines(review: Review) -> list[FrozenLine]:
    """The latest version of each line, in the order of the scorecard."""
    latest = review.lines.order_by("position", "kpi_code", "-number").distinct("position", "kpi_code")
    return list(latest.select_related("by"))
