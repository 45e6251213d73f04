"""Whether an action plan helped: by the strongest design its data allow, stored with all it was computed from."""

from __future__ import annotations

from datetime import date, datetime

from evaluation import engine
from evaluation.actions import subjects
from evaluation.actions.freezing import canonical, digest_of, plain
from evaluation.engine import statements
from evaluation.engine.results import Result
from evaluation.engine.scopes import Scope
from evaluation.formulas import effect, periods
from evaluation.formulas.effect import Design, Effect
from evaluation.formulas.periods import Period
from evaluation.kpis import Direction
from evaluation.models import ActionPlan, EffectMeasurement

BASELINE = 12  # periods before the start, the trigger among them
TRANSITION = "period of the start left out"


def measured(plan: ActionPlan, *, at: datetime) -> EffectMeasurement:
    """Measure and store. What stands before the start and what after was fixed when the plan started."""
    span, starts = span_of(plan, at)
    trigger = triggers(plan, span, starts)
    scope, compared = subjects.of_plan(plan), subjects.compared_with(plan)
    treated = _values(plan, scope, span, at)
    others = [_values(plan, other, span, at) for other in compared]
    mixed = plan.started_on is not None and span[starts].first < plan.started_on if starts < len(span) else False
    if mixed:
        for values in (treated, *others):
            values[starts] = None
    found = _strongest(plan, treated, others, starts, trigger)
    inputs = {
        "kpi": {"code": plan.kpi_code, "version": plan.kpi.version, "digest": plan.kpi.digest},
        "scope": subjects.as_json(scope),
        "periods": [period.label for period in span],
        "starts": starts,
        "trigger": trigger,
        "treated": treated,
        "comparison": [
            {"scope": subjects.as_json(other), "values": values} for other, values in zip(compared, others, strict=True)
        ],
        "higher_is_better": _higher_is_better(plan),
        "known_at": at,
    }
    return _stored(plan, found, canonical(plain(inputs)), [TRANSITION] if mixed else [], at)


def _stored(plan: ActionPlan, found: Effect, content: str, notes: list[str], at: datetime) -> EffectMeasurement:
    return EffectMeasurement.objects.create(
        plan=plan,
        design=found.design.value,
        grade=found.grade,
        verdict=found.verdict.value,
        estimate=found.estimate,
        interval_low=found.interval[0] if found.interval else None,
        interval_high=found.interval[1] if found.interval else None,
        before=found.before,
        after=found.after,
        n_before=found.n_before,
        n_after=found.n_after,
        notes=[*found.notes, *notes],
        inputs=content,
        digest=digest_of(content),
        at=at,
    )


def span_of(plan: ActionPlan, at: datetime) -> tuple[list[Period], int]:
    """The periods looked at, and the index of the first in which the plan was at work. Only complete ones."""
    begun = periods.containing(plan.period_kind, plan.started_on or _day(at))
    span = [begun.previous(steps) for steps in range(BASELINE, 0, -1)]
    current = begun
    while current.is_complete(at, statements.zone()):
        span.append(current)
        current = current.next()
    return span, BASELINE


def triggers(plan: ActionPlan, span: list[Period], starts: int) -> list[int]:
    """Which periods before the start have a day in common with what gave rise to the plan."""
    cause = plan.trigger
    if cause is None:
        return []
    return [
        index for index, period in enumerate(span[:starts]) if period.first <= cause.last and cause.first <= period.last
    ]


def _strongest(
    plan: ActionPlan, treated: list[float | None], others: list[list[float | None]], starts: int, trigger: list[int]
) -> Effect:
    """Against untreated units where there are enough of them, else against the plan's own time before."""
    better = _higher_is_better(plan)
    if others:
        found = effect.difference_in_differences(
            [treated], others, starts=starts, trigger=trigger, higher_is_better=better
        )
        if found.design is not Design.ANECDOTAL:
            return found
    return effect.before_after(treated, starts=starts, trigger=trigger, higher_is_better=better)


def _values(plan: ActionPlan, scope: Scope, span: list[Period], at: datetime) -> list[float | None]:
    return [_value(result) for result in engine.series(plan.kpi, scope, span, now=at)]


def _value(result: Result) -> float | None:
    """Cohorts that can still change say nothing yet."""
    return None if result.value is None or result.is_provisional else float(result.value)


def _higher_is_better(plan: ActionPlan) -> bool:
    """Of a KPI that is best in a band, the plan says which way is the better one now."""
    if plan.kpi.direction == Direction.BAND:
        return plan.expected_effect > 0
    return plan.kpi.direction == Direction.HIGHER


def _day(at: datetime) -> date:
    return at.astimezone(statements.zone()).date()
