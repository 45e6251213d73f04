"""What a customer costs beside what one brings in: each side of the same customers, and of kinds that fit."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.campaigns import ACQUIRING_ISSUES, NO_CUSTOMERS, acquiring
from evaluation.kpis.declaration import Aggregation, Direction, Kpi, Time, Unit
from evaluation.kpis.rows import CHANGES, alive, closed_to_stay

# The median of the opportunities of a year, of the whole company, in whole months: what costs come before.
CYCLE_DAYS = 365
_A_YEAR_BACK = f"(period.instant - interval '{CYCLE_DAYS} days')"
CYCLE = f"""WITH cycle AS MATERIALIZED (
            SELECT round(percentile_cont(0.5) WITHIN GROUP (
                ORDER BY date_part('epoch', change.at - opportunity.opened_at)) / 2629746)::int AS months
            FROM {CHANGES}
            WHERE change.outcome = 'won' AND change.at >= {_A_YEAR_BACK} AND change.at < period.instant
                AND opportunity.opened_at <= change.at AND {alive("opportunity")}
                AND {closed_to_stay(_A_YEAR_BACK, "period.instant")})
            """

CAC_LAGGED = Kpi(
    code="cac_lagged",
    version=1,
    name=_("Cost per new customer, by when it was spent"),
    meaning=_("What winning a customer cost, where money is spent a sales cycle before the customer buys."),
    formula=_(
        "Costs of the months so long before the period as the median sales cycle of the last 365 days is, in whole"
        " months / new customers of the period's months"
    ),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="retention_rate",
    on_dashboard=False,
    instead=NO_CUSTOMERS,
    source=_("The cost ledger; won opportunities and orders. Lagged, fully loaded CAC"),
    facts=acquiring("", CYCLE, "(SELECT cycle.months FROM cycle)"),
    issues={
        **ACQUIRING_ISSUES,
        "no_cycle": _("Nothing was won in the last 365 days that says how long a sale takes."),
    },
)

KPIS = (CAC_LAGGED,)
