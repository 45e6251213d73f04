"""What becomes of opportunities, followed from their beginning: how many are won, those still open included."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import alive
from evaluation.kpis.sales import AS_CLOSED

# So long an opportunity is followed. Part of the definition: another number of days is another version.
WINDOW = timedelta(days=365)

_OVER = f"(opportunity.opened_at + interval '{WINDOW.days} days')"
# The last change says what was true; what was closed adds no more of them. What is decided later than the window was
# open until its end.
DECIDED = f"(change.outcome <> 'open' AND change.at < {_OVER})"
_IS_WON = f"(change.outcome = 'won' AND change.at < {_OVER})"

COHORT_WIN_RATE = Kpi(
    code="cohort_win_rate",
    version=1,
    name=_("Win rate by beginning"),
    meaning=_(
        "Of the opportunities opened in the period, the share that is won within a year, the open ones included."
    ),
    formula=_("Cumulative incidence of won against lost within 365 days, the open ones followed until now"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.INCIDENCE,
    interval=Method.EFFECTIVE,
    minimum_n=30,
    matures_after=WINDOW,
    guard="pipeline_value",  # a rate is also raised by opening only what is won already
    on_dashboard=False,
    source=_("Stage changes of opportunities; competing risks after Aalen & Johansen 1978"),
    facts=Facts(
        source="""sales_opportunity AS opportunity CROSS JOIN LATERAL (
                SELECT * FROM sales_stagechange AS past
                WHERE past.opportunity_id = opportunity.id AND past.at < period.known
                ORDER BY past.at DESC, past.id DESC LIMIT 1) AS change""",
        where=f"""opportunity.opened_at >= period.starts AND opportunity.opened_at < period.ends
            AND {alive("opportunity")}""",
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="opportunity.opened_at",
        numerator=f"CASE WHEN {_IS_WON} THEN 1 WHEN {DECIDED} THEN -1 ELSE 0 END",
        value=f"""date_part('epoch', least(CASE WHEN change.outcome <> 'open' THEN change.at ELSE period.seen END,
            {_OVER}) - opportunity.opened_at)""",
        counted="change.outcome = 'open' OR change.at >= opportunity.opened_at",
        issue="CASE WHEN change.outcome <> 'open' AND change.at < opportunity.opened_at THEN 'opened_after_closed' END",
        ripe=f"{DECIDED} OR {_OVER} <= period.seen",
        dimensions=AS_CLOSED,
        shown={"opened_at": "opportunity.opened_at", "outcome": "change.outcome", "since": "change.at"},
    ),
    issues={"opened_after_closed": _("Opportunities that were opened after they were closed are left out.")},
)

KPIS = (COHORT_WIN_RATE,)
