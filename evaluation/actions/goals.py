"""Everything that can be done with a goal: set it, revise it, answer to it, retire it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.actions import records
from crm.actions.notifications import notify
from crm.models import Team, User
from customers.models import Segment
from evaluation import engine, kpis
from evaluation.actions.kpis import sync_versions
from evaluation.engine import scopes, statements, stored
from evaluation.engine.rolling_up import ROLLED_UP
from evaluation.engine.scopes import Scope
from evaluation.engine.watched import Watch
from evaluation.formulas import periods
from evaluation.kpis import Aggregation
from evaluation.models import Goal, GoalVersion, KpiVersion, TargetKind
from evaluation.models.goal import MOST_ACTIVE, RELATIVE, TERMS

REVISABLE = {*TERMS, "owner"} - {"period_kind"}


@transaction.atomic
def set_goal(
    *,
    kpi_code: str,
    scope: Scope,
    by: User | None,
    at: datetime,
    owner: User | None = None,
    reason: str = "",
    override_reason: str = "",
    **terms: Any,
) -> Goal:
    """Agree on a goal; `terms` are the fields of GoalTerms, of which period_kind, target_kind and target are needed.

    A baseline that is not given is the value of the last complete period. The owner hears of it.
    """
    kpi = kpis.get(kpi_code)
    _check_scope(kpi, scope)
    _check_levels(kpi, terms)
    terms["starts_on"] = _first_day(terms.get("starts_on"), terms["period_kind"], at)
    if terms.get("baseline") is None:
        terms["baseline"] = last_value(kpi, scope, terms["period_kind"], terms["starts_on"], at)
    _check_limit(kpi, scope, override_reason)
    goal = Goal(
        kpi_code=kpi_code,
        scope_kind=scope.kind,
        scope_key=scope.stored_key,
        scope_name=scope.name or "",
        owner=owner or default_owner(scope),
        team=team_of(scope),
        override_reason=override_reason,
        **terms,
    )
    records.create(goal, by=by, at=at, data={"kpi": kpi_code, "scope": str(scope), "target": goal.target})
    _note_version(goal, reason, by, at)
    _tell_owner(goal, gettext_noop("%(by)s set you a goal: %(goal)s."), by, at)
    return goal


@transaction.atomic
def revise(
    goal: Goal,
    changes: dict[str, Any],
    *,
    reason: str,
    by: User | None,
    at: datetime,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Goal:
    """Agree on other terms, from the current period on at the earliest; the owner answers anew."""
    _check_active(goal)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the goal is revised.")})
    if fixed := sorted(set(changes) - REVISABLE):
        raise ValueError(f"{', '.join(fixed)} of a goal cannot be revised.")
    _check_levels(goal.kpi, {"target_kind": goal.target_kind, **changes})
    before = Goal.objects.select_for_update(of=("self",)).get(pk=goal.pk)
    if all(getattr(before, name) == value for name, value in changes.items()):
        return before
    begins = _not_before(changes.get("starts_on") or before.starts_on, goal.period_kind, at)
    answer = {"answer": Goal.Answer.NONE, "answer_reason": "", "answered_at": None}
    revised = records.update(
        goal,
        {**changes, **answer, "starts_on": begins, "revision": before.revision + 1},
        by=by,
        at=at,
        version=version,
        base=base,
        event="revised",
    )
    _note_version(revised, reason, by, at)
    _tell_owner(revised, gettext_noop("%(by)s revised your goal: %(goal)s."), by, at)
    return revised


def acknowledge(goal: Goal, *, by: User, at: datetime) -> Goal:
    """The owner agrees to answer for it."""
    _check_answer(goal, by)
    return records.update(
        goal,
        {"answer": Goal.Answer.ACKNOWLEDGED, "answer_reason": "", "answered_at": at},
        by=by, at=at, event="acknowledged",
    )  # fmt: skip


def object_to(goal: Goal, *, reason: str, by: User, at: datetime) -> Goal:
    """The owner does not agree, and says why; whoever set the terms hears of it."""
    _check_answer(goal, by)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why you object.")})
    objected = records.update(
        goal,
        {"answer": Goal.Answer.OBJECTED, "answer_reason": reason.strip(), "answered_at": at},
        by=by, at=at, event="objected",
    )  # fmt: skip
    agreed = objected.versions.order_by("-number").select_related("by").first()
    _tell(
        agreed.by if agreed else None,
        gettext_noop("%(by)s objects to the goal %(goal)s: %(reason)s"),
        objected, by, at, key="objected", reason=reason.strip(),
    )  # fmt: skip
    return objected


def retire(goal: Goal, *, reason: str, by: User | None, at: datetime) -> Goal:
    """No longer a goal; its versions and what was reached stay."""
    if goal.retired_at is not None:
        return goal
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the goal is retired.")})
    retired = records.update(goal, {"retired_at": at, "retired_reason": reason.strip()}, by=by, at=at, event="retired")
    _tell_owner(retired, gettext_noop("%(by)s retired your goal: %(goal)s."), by, at, key="retired")
    return retired


def watches(now: datetime) -> Iterable[Watch]:
    """What active goals need measured: their KPI and its guard, in their period and those it rolls up to."""
    today = now.astimezone(statements.zone()).date()
    for goal in Goal.objects.in_force_on(today):
        scope, guard = scope_of(goal), goal.guard
        if scope.kind == scopes.SEGMENT_KIND and scope.members is None:
            continue  # it is in the bin: nobody belongs to it
        for kind in (goal.period_kind, *ROLLED_UP.get(goal.period_kind, ())):
            yield Watch(goal.kpi, scope, kind)
            if guard and scopes.is_measurable(guard, scope.kind):
                yield Watch(guard, scope, kind)


def scope_of(goal: Goal) -> Scope:
    """As it is stored; of a segment with who belongs to it."""
    kept = stored.scope_of(goal)
    return scopes.load(kept.kind, kept.key) if kept.kind == scopes.SEGMENT_KIND else kept


def last_value(kpi: kpis.Kpi, scope: Scope, period_kind: str, starts_on: date, at: datetime) -> float | None:
    """The value of the last period that was complete when the goal was set, and lies before it begins."""
    today = at.astimezone(statements.zone()).date()
    period = periods.containing(period_kind, min(starts_on, today)).previous()
    value = engine.value(kpi, scope, period, now=at).value
    return None if value is None else float(value)


def default_owner(scope: Scope) -> User | None:
    if scope.kind == "person":
        return User.objects.filter(pk=int(scope.key or 0)).first()
    if scope.kind == scopes.SEGMENT_KIND:
        return _segment(scope).owner
    team = Team.objects.filter(pk=int(scope.key or 0)).first() if scope.kind == "team" else None
    return team.manager if team else None


def team_of(scope: Scope) -> Team | None:
    """The team whose managers decide about the goal; None where only those who reach everything do."""
    if scope.kind == "team":
        return Team.objects.filter(pk=int(scope.key or 0)).first()
    if scope.kind == "person":
        return Team.objects.filter(people=int(scope.key or 0)).first()
    if scope.kind == scopes.SEGMENT_KIND:
        _person, team = scopes.whose(_segment(scope))
        return Team.objects.filter(pk=team).first() if team else None
    return None


def _segment(scope: Scope) -> Segment:
    return Segment.objects.select_related("owner__team").get(pk=scope.key)


def _first_day(day: date | None, period_kind: str, at: datetime) -> date:
    """The first day of the period; what has been is not agreed on afterwards."""
    first = _not_before(day, period_kind, at)
    if day is not None and periods.containing(period_kind, day).first < first:
        raise ValidationError({"starts_on": _("A goal is set for the current period or a later one.")})
    return first


def _not_before(day: date | None, period_kind: str, at: datetime) -> date:
    today = at.astimezone(statements.zone()).date()
    return max(periods.containing(period_kind, day or today).first, periods.containing(period_kind, today).first)


def _check_scope(kpi: kpis.Kpi, scope: Scope) -> None:
    try:
        scopes.check(kpi, scope.kind)
    except scopes.ScopeError:
        raise ValidationError({"scope": _("This KPI cannot be measured for this scope.")}) from None


def _check_levels(kpi: kpis.Kpi, terms: dict[str, Any]) -> None:
    """A level beyond what the KPI can be would be met always or never; half a customer is none."""
    levels = {name: terms.get(name) for name in ("target", "target_high", "stretch")}
    if kpi.aggregation == Aggregation.COUNT and terms["target_kind"] not in RELATIVE:
        for name, level in levels.items():
            if level is not None and level % 1:
                raise ValidationError({name: _("This is counted in whole numbers: write one without decimals.")})
    if terms["target_kind"] not in (TargetKind.AT_LEAST, TargetKind.AT_MOST, TargetKind.BAND):
        return
    lowest, highest = kpi.scale
    for name, level in levels.items():
        if level is not None and not ((lowest is None or lowest <= level) and (highest is None or level <= highest)):
            raise ValidationError({name: _("This KPI never has such a value.")})


def _check_limit(kpi: kpis.Kpi, scope: Scope, override_reason: str) -> None:
    """At most three active goals for one scope and process stage, unless somebody writes down why more."""
    with connection.cursor() as cursor:  # two at once must not both be the third
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{scope.kind}:{scope.key}:{kpi.group}"])
    stage = [other.code for other in kpis.all_kpis() if other.group == kpi.group]
    if Goal.objects.active().of_scope(scope.kind, scope.stored_key).filter(kpi_code__in=stage).count() < MOST_ACTIVE:
        return
    if not override_reason.strip():
        text = _("There are three active goals for this scope and process stage already. Retire one, or say why more.")
        raise ValidationError({"override_reason": text})


def _check_active(goal: Goal) -> None:
    if not goal.is_active:
        raise ValidationError(_("This goal is retired."))


def _check_answer(goal: Goal, by: User) -> None:
    _check_active(goal)
    if goal.owner_id != by.pk:
        raise ValidationError(_("Only the person who answers for the goal can do this."))


def _note_version(goal: Goal, reason: str, by: User | None, at: datetime) -> GoalVersion:
    kpi = KpiVersion.objects.in_force().filter(code=goal.kpi_code).first() or sync_versions(at=at)[goal.kpi_code]
    terms = {name: getattr(goal, name) for name in TERMS}
    return GoalVersion.objects.create(
        goal=goal, number=goal.revision, kpi=kpi, owner=goal.owner, reason=reason.strip(), by=by, at=at, **terms
    )


def _tell_owner(goal: Goal, message: str, by: User | None, at: datetime, key: str = "") -> None:
    _tell(goal.owner, message, goal, by, at, key=key or str(goal.revision))


def _tell(
    receiver: User | None, message: str, goal: Goal, by: User | None, at: datetime, *, key: str, **values: Any
) -> None:
    if receiver is None or receiver == by:
        return
    values = {"by": by or "", "goal": goal, **values}
    notify(receiver, message, values=values, url=goal.get_absolute_url(), key=f"goal:{goal.pk}:{key}", at=at)
