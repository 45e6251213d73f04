"""More of how long sales take, beside the median of those that were won: what is still open belongs to the picture."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.cohorts import COHORT_WIN_RATE, DECIDED
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.pipeline import PIPELINE_VALUE
from evaluation.kpis.rows import CHANGES, alive, channel_of
from evaluation.kpis.sales import IS_A_TRY, OUTBOUND, SALES_CYCLE

SALES_CYCLE_MEAN = replace(
    SALES_CYCLE,
    code="sales_cycle_mean",
    version=1,
    name=_("Sales cycle, mean"),
    formula=_("Sum of the times from opened to won / their number, of the same opportunities as the median"),
    aggregation=Aggregation.MEAN,
    interval=Method.NONE,
    minimum_n=0,
    beside=("sales_cycle",),
    on_dashboard=False,
)

SALES_CYCLE_P75 = replace(
    SALES_CYCLE,
    code="sales_cycle_p75",
    version=1,
    name=_("Sales cycle, the slowest quarter"),
    meaning=_("How long three quarters of the opportunities won in the period took at most."),
    formula=_("75th percentile of the time from opened to won, of the same opportunities as the median"),
    aggregation=Aggregation.PERCENTILE,
    percentile=0.75,
    interval=Method.NONE,
    minimum_n=0,
    beside=("sales_cycle",),
    on_dashboard=False,
)

OPEN_OPPORTUNITY_AGE = Kpi(
    code="open_opportunity_age",
    version=1,
    name=_("Age of open opportunities"),
    meaning=_("How long the opportunities open at the end of the period had been open by then."),
    formula=_("Median time from opened to the end of the period, of the opportunities open at that moment"),
    group="sales",
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    time=Time.STOCK,
    aggregation=Aggregation.MEDIAN,
    interval=Method.ORDER_STATISTICS,
    minimum_n=10,
    guard="win_rate",  # what is old is soon called lost
    beside=("sales_cycle",),
    on_dashboard=False,
    source=_("Stage changes of opportunities"),
    facts=replace(
        PIPELINE_VALUE.facts,
        value="""CASE WHEN opportunity.opened_at <= period.instant
            THEN date_part('epoch', period.instant - opportunity.opened_at) END""",
        issue="CASE WHEN opportunity.opened_at <= period.instant THEN NULL ELSE 'missing_opened_at' END",
        shown={"opened_at": "opportunity.opened_at", "stage": PIPELINE_VALUE.facts.shown["stage"]},
    ),
    issues={"missing_opened_at": _("Open opportunities whose beginning is unknown are left out.")},
)

TIME_TO_CLOSE = replace(
    COHORT_WIN_RATE,
    code="time_to_close",
    version=1,
    name=_("Time to close"),
    meaning=_("How long it takes until half of the opportunities opened in the period are decided."),
    formula=_(
        "Median time from opened to won or lost, where those still open count for as long as they have been followed, a"
        " year at most (Kaplan-Meier)"
    ),
    unit=Unit.SECONDS,
    direction=Direction.LOWER,
    aggregation=Aggregation.SURVIVAL,
    interval=Method.LOG_LOG,
    minimum_n=10,
    guard="win_rate",
    beside=("sales_cycle",),
    source=_("Stage changes of opportunities; Kaplan & Meier 1958"),
    facts=replace(COHORT_WIN_RATE.facts, numerator=f"{DECIDED}::int"),
)

# How long each owner held an open opportunity within the period, from one change to the next.
_HELD = f"""SELECT 'opportunity' AS kind, opportunity.id, opportunity.name AS label,
                greatest(change.at, period.starts) AS at, change.owner_id, change.team_id, opportunity.customer_id,
                0 AS follow_ups, EXTRACT(epoch FROM least(next.at, period.instant)
                    - greatest(change.at, period.starts)) / 604800 AS weeks, change.outcome AS what
            FROM {CHANGES} LEFT JOIN LATERAL (SELECT later.at FROM sales_stagechange AS later
                WHERE later.opportunity_id = change.opportunity_id AND later.at < period.known
                    AND (later.at, later.id) > (change.at, change.id)
                ORDER BY later.at, later.id LIMIT 1) AS next ON TRUE
            WHERE change.outcome = 'open' AND change.at < period.instant AND {alive("opportunity")}
                AND (opportunity.closed_at IS NULL OR opportunity.closed_at > period.starts)
                AND coalesce(next.at, 'infinity') > period.starts"""
_SAID = f"""SELECT 'activity', activity.id, activity.subject, activity.at, activity.owner_id, activity.team_id,
                activity.customer_id, 1, 0, activity.type
            FROM customers_activity AS activity
            JOIN sales_opportunity AS opportunity ON opportunity.id = activity.about_id AND {alive("opportunity")}
            JOIN LATERAL (SELECT change.outcome FROM sales_stagechange AS change
                WHERE change.opportunity_id = opportunity.id AND change.at <= activity.at
                ORDER BY change.at DESC, change.id DESC LIMIT 1) AS standing ON standing.outcome = 'open'
            WHERE activity.about_kind = 'opportunity' AND {OUTBOUND} AND NOT ({IS_A_TRY})"""

FOLLOW_UP_FREQUENCY = Kpi(
    code="follow_up_frequency",
    version=1,
    name=_("Follow-ups per open opportunity and week"),
    meaning=_("How often a week our people got in touch about an opportunity that was open."),
    formula=_("Follow-ups about opportunities open at that moment / weeks they were open in the period, added up"),
    group="sales",
    unit=Unit.TIMES,
    direction=Direction.BAND,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="win_rate",
    beside=("follow_ups", "touch_coverage"),
    on_dashboard=False,
    source=_("Activities about opportunities, and their stage changes"),
    facts=Facts(
        source=f"({_HELD} UNION ALL {_SAID}) AS part",
        kinds=("opportunity", "activity"),
        kind="part.kind",
        record="part.id",
        label="part.label",
        moment="part.at",
        value="part.follow_ups",
        weight="part.weeks",
        dimensions={
            "person": "part.owner_id",
            "team": "part.team_id",
            "channel": channel_of("part"),
            "customer": "part.customer_id",
        },
        shown={
            "type": "CASE part.kind WHEN 'activity' THEN part.what END",
            "weeks": "round(part.weeks::numeric, 2)",
        },
    ),
)

KPIS = (SALES_CYCLE_MEAN, SALES_CYCLE_P75, OPEN_OPPORTUNITY_AGE, TIME_TO_CLOSE, FOLLOW_UP_FREQUENCY)
