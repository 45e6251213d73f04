"""Rounds of reviews: planned, opened, run, closed, frozen, archived; one step at a time, each with its event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import records
from crm.actions.notifications import notify
from crm.joining import listed
from crm.models import Team, User
from crm.models.record import StaleVersion
from crm.web import formats
from evaluation import kpis
from evaluation.actions import freezing, narrowing, subjects
from evaluation.actions.kpis import sync_versions
from evaluation.engine import scopes, statements
from evaluation.engine.scopes import ScopeError
from evaluation.formulas.periods import Period
from evaluation.models import Cycle, Review

EXPERIENCE = "experience"  # the group of KPIs that no scorecard goes without


@transaction.atomic
def plan(
    *,
    name: str,
    period: Period,
    kpi_codes: list[str],
    people: Iterable[User] = (),
    teams: Iterable[Team] = (),
    by: User | None,
    at: datetime,
    **options: Any,
) -> Cycle:
    """A new cycle with a review for each person and team. `options`: grace_days, calibrates, segment."""
    if period.kind not in Cycle.PeriodKind.values:
        raise ValidationError(_("A cycle is about a month, a quarter or a half-year."))
    cycle = Cycle(
        name=name.strip(),
        period_kind=period.kind,
        period_start=period.first,
        period_end=period.last,
        kpi_codes=kpi_codes,
        owner=by,
        team=by.team if by else None,
        **_named(options),
    )
    records.create(cycle, by=by, at=at, data={"period": period.label})
    _set_subjects(cycle, list(people), list(teams), by, at)
    return cycle


@transaction.atomic
def replan(
    cycle: Cycle,
    changes: dict[str, Any],
    *,
    people: Iterable[User],
    teams: Iterable[Team],
    by: User | None,
    at: datetime,
    version: int | None = None,
) -> Cycle:
    """Change what is planned, as long as nobody was told of it."""
    locked = _locked(cycle)
    _check_state(locked, Cycle.State.PLANNED, _("Only a planned cycle can be changed."))
    if version is not None and locked.version != version:
        raise StaleVersion(locked, sorted(changes))
    locked = records.update(locked, _named(changes), by=by, at=at)
    _set_subjects(locked, list(people), list(teams), by, at)
    return locked


@transaction.atomic
def delete(cycle: Cycle, *, by: User | None, at: datetime) -> Cycle:
    """A cycle that was never opened goes to the bin, its empty reviews with it."""
    locked = _locked(cycle)
    _check_state(locked, Cycle.State.PLANNED, _("Only a planned cycle can be deleted: the others are history."))
    for review in locked.reviews.alive():
        records.delete(review, by=by, at=at)
    return records.delete(locked, by=by, at=at)


@transaction.atomic
def advance(cycle: Cycle, *, to: str, by: User | None, at: datetime) -> Cycle:
    """The next step; any other is refused and changes nothing."""
    locked = _locked(cycle)
    wanted = Cycle.State(to)
    if locked.next_state != wanted:
        raise ValidationError(
            _("The cycle is %(state)s. It cannot become %(wanted)s now."),
            params={"state": locked.get_state_display(), "wanted": wanted.label},
        )
    before = locked.state
    reviews = list(locked.reviews.alive().select_related("owner", "reviewer", "person", "subject_team"))
    _STEPS[wanted](locked, reviews, by, at)
    locked.state = wanted
    _save(locked, at)
    events.record(f"review_cycle.{wanted}", locked, by=by, at=at, data={"from": before, "to": wanted.value})
    return locked


def advance_due(*, now: datetime) -> int:
    """Close what is over, and freeze where the days of grace are; returns how many steps were made."""
    made = 0
    State = Cycle.State
    for state, to in ((State.RUNNING, State.CLOSED), (State.CLOSED, State.FROZEN)):
        for cycle in Cycle.objects.alive().filter(state=state).order_by("pk"):
            if _today(now) >= first_day_of(cycle, to):
                advance(cycle, to=to, by=None, at=now)
                made += 1
    return made


def first_day_of(cycle: Cycle, state: str) -> date:
    """The earliest day on which the cycle may enter a state."""
    after = {
        Cycle.State.RUNNING: cycle.period_start,
        Cycle.State.CLOSED: cycle.period_end + timedelta(days=1),
        Cycle.State.FROZEN: cycle.period_end + timedelta(days=1 + cycle.grace_days),
    }
    return after.get(Cycle.State(state), date.min)


def reviewer_of(owner: User, team: Team | None, otherwise: User | None) -> User | None:
    """Who manages the team, or the nearest one above it, and is somebody else; else whoever plans the cycle."""
    path = team.path if team else []
    above = {found.pk: found.manager for found in Team.objects.filter(pk__in=path).select_related("manager")}
    for pk in reversed(path):
        manager = above[pk]
        if manager is not None and manager != owner and manager.is_active:
            return manager
    return otherwise if otherwise != owner else None


def _open(cycle: Cycle, reviews: list[Review], by: User | None, at: datetime) -> None:
    if not reviews:
        raise ValidationError(_("There is nobody to review: add people or teams first."))
    if not any(kpi.group == EXPERIENCE for kpi in cycle.kpis):
        raise ValidationError(
            _("The scorecard says nothing about the customers' experience. Add one of: %(kpis)s."),
            params={"kpis": listed(str(kpi.name) for kpi in kpis.all_kpis() if kpi.group == EXPERIENCE)},
        )
    message = gettext_noop("A review is coming: %(review)s. Look at the goals it will be about.")
    _tell_owners(cycle, reviews, message, at)


def _start(cycle: Cycle, reviews: list[Review], by: User | None, at: datetime) -> None:
    _not_before(cycle, Cycle.State.RUNNING, at, _("The period begins on %(day)s."))


def _close(cycle: Cycle, reviews: list[Review], by: User | None, at: datetime) -> None:
    _not_before(cycle, Cycle.State.CLOSED, at, _("The period is not over before %(day)s."))


def _freeze(cycle: Cycle, reviews: list[Review], by: User | None, at: datetime) -> None:
    _not_before(cycle, Cycle.State.FROZEN, at, _("Records may still be added until the days of grace end on %(day)s."))
    versions = sync_versions(at=at)
    narrowing.keep(cycle)
    segment = narrowing.said_of(cycle)
    for review in reviews:
        for position, kpi in enumerate(cycle.kpis, start=1):
            drafted = freezing.draft(kpi, subjects.of_review(review), cycle.period, at=at, segment=segment)
            freezing.freeze(review, drafted, version=versions[kpi.code], position=position, by=by, at=at)
        review.state = Review.State.SELF_REVIEW
        review.version, review.updated_at = review.version + 1, at
        review.save()
        head = review.lines.order_by("-sequence").values_list("digest", flat=True).first()
        data = {"from": Review.State.WAITING.value, "to": review.state, "digest": head}
        events.record("review.frozen", review, by=by, at=at, data=data, about=[cycle])
    cycle.frozen_at = at
    _tell_owners(cycle, reviews, gettext_noop("The numbers of %(review)s are frozen. Say what you think of them."), at)


def _archive(cycle: Cycle, reviews: list[Review], by: User | None, at: datetime) -> None:
    State = Review.State
    done = {State.SIGNED, State.OBJECTED, State.UNSIGNED, State.EFFECT_MEASURED}
    waiting = [str(review.subject) for review in reviews if review.state not in done]
    if waiting:
        raise ValidationError(_("Not finished yet: %(subjects)s."), params={"subjects": listed(sorted(waiting))})
    for review in reviews:
        before, review.state = review.state, Review.State.ARCHIVED
        review.version, review.updated_at = review.version + 1, at
        review.save()
        events.record("review.archived", review, by=by, at=at, data={"from": before, "to": review.state}, about=[cycle])


Step = Callable[[Cycle, list[Review], "User | None", datetime], None]
_STEPS: dict[Any, Step] = {
    Cycle.State.OPEN: _open,
    Cycle.State.RUNNING: _start,
    Cycle.State.CLOSED: _close,
    Cycle.State.FROZEN: _freeze,
    Cycle.State.ARCHIVED: _archive,
}


def _named(changes: dict[str, Any]) -> dict[str, Any]:
    """With what the segment is called now: the name stays readable, whatever becomes of it."""
    if "segment" not in changes:
        return changes
    return {**changes, "segment_name": changes["segment"].name if changes["segment"] else ""}


def _set_subjects(cycle: Cycle, people: list[User], teams: list[Team], by: User | None, at: datetime) -> None:
    _check_kpis(cycle, bool(people), bool(teams))
    narrowing.check(cycle)
    subjects: list[Any] = [*teams, *people]
    wanted: dict[tuple[str, int], Any] = {(one.kind, one.pk): one for one in subjects}
    for review in cycle.reviews.alive().select_related("person", "subject_team"):
        subject: Any = review.subject
        if wanted.pop((subject.kind, subject.pk), None) is None:
            records.delete(review, by=by, at=at)
    for subject in wanted.values():
        _add_review(cycle, subject, by, at)


def _add_review(cycle: Cycle, subject: User | Team, by: User | None, at: datetime) -> None:
    team = subject if isinstance(subject, Team) else subject.team
    owner = subject.manager if isinstance(subject, Team) else subject
    if owner is None:
        raise ValidationError(_("%(team)s has no manager to review its numbers with."), params={"team": subject})
    reviewer = reviewer_of(owner, team, cycle.owner)
    if reviewer is None:
        raise ValidationError(_("Nobody above %(person)s can hold the review."), params={"person": owner})
    own = {"subject_team": subject} if isinstance(subject, Team) else {"person": subject}
    review = Review(cycle=cycle, owner=owner, team=team, reviewer=reviewer, **own)
    records.create(review, by=by, at=at, about=[cycle])


def _check_kpis(cycle: Cycle, people: bool, teams: bool) -> None:
    for kpi in cycle.kpis:
        for kind, wanted in (("person", people), ("team", teams)):
            if wanted:
                try:
                    scopes.check(kpi, kind)
                except ScopeError:
                    kind_name = {"kpi": kpi.name, "kind": scopes.KINDS[kind]}
                    message = _("%(kpi)s cannot be measured for a %(kind)s.")
                    raise ValidationError({"kpi_codes": message % kind_name}) from None


def _check_state(cycle: Cycle, state: str, otherwise: str) -> None:
    if cycle.state != state:
        raise ValidationError(otherwise)


def _not_before(cycle: Cycle, state: str, at: datetime, otherwise: str) -> None:
    first = first_day_of(cycle, state)
    if _today(at) < first:
        raise ValidationError(otherwise, params={"day": formats.exact_date(first)})


def _tell_owners(cycle: Cycle, reviews: list[Review], message: str, at: datetime) -> None:
    for review in reviews:
        url = reverse("review-detail", args=[review.pk])
        key = f"review-{review.pk}-{cycle.state}"
        notify(review.owner, message, values={"review": str(review)}, url=url, key=key, at=at)


def _today(now: datetime) -> date:
    return now.astimezone(statements.zone()).date()


def _locked(cycle: Cycle) -> Cycle:
    return Cycle._base_manager.select_for_update(of=("self",)).get(pk=cycle.pk)


def _save(cycle: Cycle, at: datetime) -> None:
    cycle.version, cycle.updated_at = cycle.version + 1, at
    cycle.full_clean()
    cycle.save()
