"""What reviews and plans are about, as the scopes that numbers are measured for."""

from __future__ import annotations

from typing import Any

from evaluation.actions import narrowing
from evaluation.engine import scopes
from evaluation.engine.scopes import Scope
from evaluation.models import ActionPlan, Review


def of_review(review: Review) -> Scope:
    if review.person is not None:
        return narrowing.narrowed(scopes.of_person(review.person), review.cycle)
    subject: Any = review.subject_team  # a review has one of the two
    return narrowing.narrowed(scopes.of_team(subject), review.cycle)


def of_plan(plan: ActionPlan) -> Scope:
    """By the name it had when the plan was made."""
    key: Any = plan.scope_key or None
    if key and plan.scope_kind not in (scopes.COMPANY_KIND, "channel"):
        key = int(key)
    return Scope(plan.scope_kind, key, plan.scope_name or None)


def compared_with(plan: ActionPlan) -> list[Scope]:
    """Those that nothing was done with."""
    return [Scope(said["kind"], said["key"], said.get("name")) for said in plan.comparison]


def as_json(scope: Scope) -> dict[str, Any]:
    return {"kind": scope.kind, "key": scope.key, "name": scope.name}
