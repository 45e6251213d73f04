"""The KPIs there are. Adding one touches its declaration, its translations and its tests."""

from __future__ import annotations

from evaluation.kpis import (
    acquisition,
    campaign_returns,
    campaigns,
    cohorts,
    contracts,
    credit,
    customer_growth,
    customer_value,
    cycle,
    experience,
    following_up,
    funnel,
    goods,
    growth,
    last_touch,
    leaving,
    pipeline,
    promises,
    renewed_value,
    retention,
    sales,
    service,
    speed,
    targets,
    unit_economics,
    value,
    velocity,
)
from evaluation.kpis.declaration import GROUPS, Aggregation, Direction, Facts, Kpi, Method, Time, Unit

__all__ = [
    "GROUPS",
    "Aggregation",
    "Direction",
    "Facts",
    "Kpi",
    "Method",
    "Time",
    "Unit",
    "UnknownKpi",
    "all_kpis",
    "get",
]

_KPIS = {
    kpi.code: kpi
    for group in (
        acquisition,
        speed,
        customer_growth,
        campaigns,
        campaign_returns,
        unit_economics,
        last_touch,
        retention,
        contracts,
        renewed_value,
        leaving,
        experience,
        sales,
        cycle,
        credit,
        growth,
        goods,
        velocity,
        cohorts,
        funnel,
        pipeline,
        following_up,
        targets,
        promises,
        service,
        value,
        customer_value,
    )
    for kpi in group.KPIS
}


class UnknownKpi(LookupError):
    """There is no KPI of this code; the message lists those there are."""

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no KPI {code!r}; there are: {', '.join(_KPIS)}.")


def get(code: str) -> Kpi:
    try:
        return _KPIS[code]
    except KeyError:
        raise UnknownKpi(code) from None


def all_kpis() -> tuple[Kpi, ...]:
    return tuple(_KPIS.values())
