"""How far opportunities come: from a stage to one further along, followed for a while after they entered it."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import CHANGES, alive
from evaluation.kpis.sales import AS_CLOSED

# So long an opportunity has to go on. Part of the definition: another number of days is another version.
WINDOW = timedelta(days=90)

_OVER = f"(change.at + interval '{WINDOW.days} days')"

# Of each opportunity and stage the first time it was entered: who goes back and forth counts once.
_FIRST_TIME = """NOT EXISTS (SELECT FROM sales_stagechange AS before
                WHERE before.opportunity_id = change.opportunity_id AND before.to_stage_id = change.to_stage_id
                    AND before.from_stage_id IS DISTINCT FROM before.to_stage_id
                    AND (before.at, before.id) < (change.at, change.id))"""

# As on the pages of stage conversion (customers/sales/models/stage_conversion.py): further along in the same pipeline,
# or won. Who skips a stage has passed it; where stages moved since, the order is that of today.
_WENT_ON = f"""LEFT JOIN LATERAL (SELECT further.at, there.name FROM sales_stagechange AS further
                JOIN sales_stage AS there ON there.id = further.to_stage_id
                WHERE further.opportunity_id = change.opportunity_id AND further.pipeline_id = change.pipeline_id
                    AND (further.at, further.id) > (change.at, change.id)
                    AND further.at <= {_OVER} AND further.at < period.known
                    AND (further.outcome = 'won' OR further.outcome = 'open' AND there.position > here.position)
                ORDER BY further.at, further.id LIMIT 1) AS next ON TRUE"""

FUNNEL_CONVERSION = Kpi(
    code="funnel_conversion",
    version=1,
    name=_("Funnel conversion"),
    meaning=_("Of the opportunities that entered a stage in the period, the share that went on to a later one."),
    formula=_("Entered a later stage of the pipeline, or won, within 90 days / entered the stage; each stage once"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=WINDOW,
    guard="win_rate",  # what is moved on too early is lost later
    on_dashboard=False,
    source=_("Stage changes of opportunities: a cohort followed, not a picture of the stages now"),
    facts=Facts(
        source=f"{CHANGES} JOIN sales_stage AS here ON here.id = change.to_stage_id {_WENT_ON}",
        where=f"""change.outcome = 'open' AND change.at >= period.starts AND change.at < period.ends
            AND change.from_stage_id IS DISTINCT FROM change.to_stage_id AND {alive("opportunity")}
            AND {_FIRST_TIME}""",
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        numerator="(next.at IS NOT NULL)::int",
        ripe=f"next.at IS NOT NULL OR {_OVER} < period.seen",
        dimensions={**AS_CLOSED, "stage": "change.to_stage_id"},
        shown={"stage": "here.name", "entered_at": "change.at", "went_on_to": "next.name", "went_on_at": "next.at"},
    ),
)

KPIS = (FUNNEL_CONVERSION,)
