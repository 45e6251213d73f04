"""Which numbers are measured again and again. Goals, tiles and alerts add theirs; the dashboard's are built in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from crm.models import Team, User
from evaluation import kpis
from evaluation.engine.scopes import COMPANY, Scope, of_person, of_team
from evaluation.formulas.periods import MONTH, QUARTER
from evaluation.kpis.declaration import Kpi


@dataclass(frozen=True)
class Watch:
    """One KPI for one scope, in every period of a kind."""

    kpi: Kpi
    scope: Scope
    period_kind: str


Source = Callable[[datetime], Iterable[Watch]]
_sources: dict[str, Source] = {}

DASHBOARD_PERIODS = (MONTH, QUARTER)


def register(name: str, source: Source) -> None:
    """Add a source of watches, by a name of its own; registering it again replaces it."""
    _sources[name] = source


def all_watches(now: datetime) -> set[Watch]:
    return {watch for source in _sources.values() for watch in source(now)}


def dashboard(now: datetime) -> Iterable[Watch]:
    """The company, every team and every active person, for the KPIs that can be cut that way."""
    scopes = {
        "company": [COMPANY],
        "team": [of_team(team) for team in Team.objects.order_by("pk")],
        "person": [of_person(user) for user in User.objects.active().order_by("pk")],
    }
    for kpi in kpis.all_kpis():
        if kpi.on_dashboard:
            for dimension in ("company", *(name for name in ("team", "person") if name in kpi.dimensions)):
                for scope in scopes[dimension]:
                    yield from (Watch(kpi, scope, kind) for kind in DASHBOARD_PERIODS)


register("dashboard", dashboard)
