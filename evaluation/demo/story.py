"""The loop, once round: goals, the fall that missed them, the review that found it, the plan, its measured effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F

from crm.models import Notification
from evaluation.actions import goals
from evaluation.demo import plan, reviewing
from evaluation.demo.world import World, at_clock
from evaluation.engine import COMPANY, scopes
from evaluation.formulas import periods
from evaluation.models import TargetKind

READ_AFTER = timedelta(days=14)
AGREED_MONTHS_AGO = 18

Terms = dict[str, Any]
CSAT: Terms = {"kpi_code": "csat", "target_kind": TargetKind.AT_LEAST, "target": 0.9, "guard_code": "response_rate"}
ANSWER: Terms = {
    "kpi_code": "first_response_time", "target_kind": TargetKind.AT_MOST, "target": 7200.0,
    "guard_code": "resolution_rate",
}  # fmt: skip
VALUE: Terms = {
    "kpi_code": "historic_value", "target_kind": TargetKind.LAST_YEAR_RATIO, "target": 1.1,
    "guard_code": "active_customers",
}  # fmt: skip
BASE: Terms = {
    "kpi_code": "active_customers", "target_kind": TargetKind.BASELINE_PERCENT, "target": 0.05,
    "guard_code": "new_customers",
}  # fmt: skip
RENEWALS: Terms = {
    "kpi_code": "renewal_rate", "target_kind": TargetKind.AT_LEAST, "target": 0.85,
    "guard_code": "gross_revenue_retention",
}  # fmt: skip
CHURN: Terms = {
    "kpi_code": "churn_rate", "target_kind": TargetKind.AT_MOST, "target": 0.05,
    "guard_code": "gross_revenue_retention",
}  # fmt: skip
WINS: Terms = {
    "kpi_code": "win_rate", "target_kind": TargetKind.AT_LEAST, "target": 0.4, "guard_code": "pipeline_value",
}  # fmt: skip
TOUCH: Terms = {
    "kpi_code": "follow_ups", "target_kind": TargetKind.BAND, "target": 40.0, "target_high": 120.0,
    "guard_code": "win_rate",
}  # fmt: skip


def play(world: World) -> None:
    _agree_on_goals(world)
    review = reviewing.the_fall(world)
    plan.the_improvement(world, review)
    plan.the_compared_one(world)
    reviewing.the_last_quarter(world)
    reviewing.the_current_quarter(world)
    plan.the_running_one(world)
    _read_old_notifications(world)


def _agree_on_goals(world: World) -> None:
    """The table a company starts with, and what it means for each team and person. One waits for an answer."""
    users, team = world.users, world.teams
    director = users["director"]
    _goal(world, scopes.of_team(team["service"]), users["manager_service"], "month", {**CSAT, "stretch": 0.95})
    _goal(world, scopes.of_team(team["service"]), users["manager_service"], "month", ANSWER)
    _goal(world, COMPANY, director, "half", VALUE)
    _goal(world, COMPANY, director, "quarter", BASE)
    _goal(world, COMPANY, director, "quarter", RENEWALS)
    _goal(world, COMPANY, director, "quarter", CHURN)
    _goal(world, COMPANY, director, "month", CSAT)
    for region in ("north", "east"):
        _goal(world, scopes.of_team(team[region]), users[f"manager_{region}"], "quarter", WINS)
    for agent in world.agents:
        _goal(world, scopes.of_person(agent), agent, "quarter", CSAT)
    for rep in world.reps:
        _goal(world, scopes.of_person(rep), rep, "month", TOUCH)
    for rep in (users["rep_north_1"], users["rep_east_1"]):
        by = users[f"manager_{'north' if rep.team_id == team['north'].pk else 'east'}"]
        at = world.now - timedelta(days=2, hours=-10)
        goals.set_goal(scope=scopes.of_person(rep), owner=rep, by=by, at=at, period_kind="quarter", **WINS)


def _goal(world: World, scope: Any, owner: Any, period_kind: str, terms: Terms) -> None:
    """Agreed a year and a half ago, and acknowledged within the week."""
    month = periods.containing(periods.MONTH, world.today).previous(AGREED_MONTHS_AGO)
    at = at_clock(month.first, 10)
    by = world.users["director"] if owner != world.users["director"] else world.users["administrator"]
    goal = goals.set_goal(scope=scope, owner=owner, by=by, at=at, period_kind=period_kind, **terms)
    goals.acknowledge(goal, by=owner, at=at + timedelta(days=4))


def _read_old_notifications(world: World) -> None:
    Notification.objects.filter(at__lt=world.now - READ_AFTER).update(read_at=F("at"))
