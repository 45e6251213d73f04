"""What lies ahead: the opportunities that were open at a moment, as they stood then."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import CHANGES, MONEY_ISSUES, alive, day_of, in_currency, money_issue, rate_shown
from evaluation.kpis.sales import AS_CLOSED

# What is open counts at the rate of the last day of the period, or of today where it is not over.
DAY = day_of("(period.instant - interval '1 microsecond')")

PIPELINE_VALUE = Kpi(
    code="pipeline_value",
    version=2,
    name=_("Pipeline value"),
    meaning=_("What the opportunities open at the end of the period are worth."),
    formula=_("Amount of the opportunities open at that moment, as it stood then"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.SUM,
    guard="win_rate",
    source=_("Stage changes of opportunities"),
    facts=Facts(
        source=CHANGES,
        # What was closed before that moment for good needs no look at its history; of the others, the last change
        # before it says what was true.
        where=f"""(opportunity.closed_at IS NULL OR opportunity.closed_at >= period.instant)
            AND {alive("opportunity")} AND change.outcome = 'open' AND change.at < period.instant AND NOT EXISTS (
                SELECT FROM sales_stagechange AS later
                WHERE later.opportunity_id = change.opportunity_id AND later.at < period.instant
                    AND (later.at, later.id) > (change.at, change.id))""",
        kinds=("opportunity",),
        record="opportunity.id",
        label="opportunity.name",
        moment="change.at",
        value=in_currency("change.amount", "change.currency", DAY),
        issue=money_issue("change.amount", "change.currency", DAY),
        dimensions=AS_CLOSED,
        shown={
            "stage": "(SELECT stage.name FROM sales_stage AS stage WHERE stage.id = change.to_stage_id)",
            "amount": "change.amount",
            "currency": "change.currency",
            **rate_shown("change.currency", DAY),
            "expected_close": "change.expected_close",
        },
    ),
    issues=MONEY_ISSUES,
)

WEIGHTED_PIPELINE = Kpi(
    code="weighted_pipeline",
    version=2,
    name=_("Weighted pipeline"),
    meaning=_("What the opportunities open at the end of the period are worth, each by how likely it is to be won."),
    formula=_("Amount × probability of the opportunities open at that moment, as both stood then"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.SUM,
    guard="forecast_accuracy",
    on_dashboard=False,
    source=_("Stage changes of opportunities"),
    facts=replace(
        PIPELINE_VALUE.facts,
        value=in_currency("change.amount * change.probability", "change.currency", DAY),
        shown={**PIPELINE_VALUE.facts.shown, "probability": "change.probability"},
    ),
    issues=MONEY_ISSUES,
)

_DATED = f"""EXISTS (SELECT FROM customers_task AS step
            WHERE step.about_kind = 'opportunity' AND step.about_id = opportunity.id AND step.due_at IS NOT NULL
                AND step.created_at < period.instant AND (step.done_at IS NULL OR step.done_at >= period.instant)
                AND {alive("step")})"""

NEXT_STEP_COVERAGE = Kpi(
    code="next_step_coverage",
    version=1,
    name=_("Next steps"),
    meaning=_("Of the opportunities open at the end of the period, the share that had a next step with a date."),
    formula=_("With an open task that has a date / opportunities open at that moment"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="win_rate",  # a date is soon written down
    flag_as_of="state_of_today",
    source=_("Stage changes of opportunities, and their tasks"),
    facts=replace(
        PIPELINE_VALUE.facts,
        value="NULL::float8",
        numerator=f"({_DATED})::int",
        issue="NULL::text",
    ),
)

KPIS = (PIPELINE_VALUE, WEIGHTED_PIPELINE, NEXT_STEP_COVERAGE)
