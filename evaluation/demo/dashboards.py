"""Two dashboards that somebody composed and shared: what sales looks at on Mondays, and what service does."""

from __future__ import annotations

from typing import Any

from evaluation.actions import dashboards
from evaluation.demo.world import World
from evaluation.models import Goal
from evaluation.models.tile import Width, kind_of

Tiles = list[tuple[str, dict[str, Any]]]
OF_WHOEVER = {"scope": "widest", "segment": ""}


def compose(world: World) -> None:
    director, manager = world.users["director"], world.users["manager_service"]
    _make(world, "Sales on Mondays 销售周一", director, _sales(world))
    _make(world, "Service 客户服务", manager, _service(world))


def _make(world: World, name: str, by: Any, tiles: Tiles) -> None:
    made = dashboards.create(name=name, audience="team", by=by, at=world.now)
    for kind, said in tiles:
        more = {part: said.pop(part) for part in ("title", "width") if part in said}
        declared = kind_of(kind)
        width = more.pop("width", declared.width if declared else Width.THIRD)
        dashboards.add_tile(made, kind=kind, settings=said, width=width, by=by, at=world.now, **more)


def _sales(world: World) -> Tiles:
    return [
        ("note", {"text": "Every Monday at nine: what changed, what closes this month, who needs help.\n"
                  "每周一九点：有何变化、本月将成交哪些、谁需要帮助。", "width": Width.FULL}),
        ("number", {"kpi": "revenue", "period": "last_month", **OF_WHOEVER}),
        ("number", {"kpi": "win_rate", "period": "last_quarter", **OF_WHOEVER}),
        ("count", {"list": "opportunity-list"}),
        ("course", {"kpi": "revenue", "period": "last_month", "periods": 12, **OF_WHOEVER}),
        *_goals(world, "sales", "north", "east"),
        ("split", {"kpi": "revenue", "by": "person", "period": "last_quarter", **OF_WHOEVER}),
        ("number", {"kpi": "pipeline_value", "period": "month", **OF_WHOEVER}),
        ("chart", {"list": "opportunity-list", "divided_by": "expected_close.month", "measure": "sum:amount",
                   "filter": "outcome=open"}),
        ("table", {"list": "opportunity-list", "rows": 5}),
    ]  # fmt: skip


def _service(world: World) -> Tiles:
    return [
        ("number", {"kpi": "first_response_time", "period": "last_month", **OF_WHOEVER}),
        ("number", {"kpi": "sla_attainment", "period": "last_month", **OF_WHOEVER}),
        ("number", {"kpi": "csat", "period": "last_quarter", **OF_WHOEVER}),
        ("course", {"kpi": "csat", "period": "last_month", "periods": 24, **OF_WHOEVER}),
        *_goals(world, "service"),
        ("split", {"kpi": "resolution_time", "by": "person", "period": "last_month", **OF_WHOEVER}),
        ("count", {"list": "ticket-list", "title": "To do 待办工单"}),
        ("chart", {"list": "ticket-list", "divided_by": "opened_at.month", "measure": "count", "filter": "",
                   "width": Width.FULL}),
        ("table", {"list": "ticket-list", "rows": 5}),
    ]  # fmt: skip


def _goals(world: World, *teams: str) -> Tiles:
    """The first goal there is for one of these teams."""
    keys = [str(world.teams[team].pk) for team in teams]
    found = Goal.objects.active().filter(scope_kind="team", scope_key__in=keys).order_by("pk").first()
    return [("goal", {"goal": str(found.pk)})] if found else []
