"""The reviews: of the quarter in which satisfaction fell, signed; of the last one, waiting; of this one, running."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from crm.actions import records
from evaluation.actions import cycles, reviews, signatures
from evaluation.actions.freezing import digest_of
from evaluation.demo import words
from evaluation.demo.world import World, at_clock
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.models import Cycle, Review, ReviewComment
from surveys.models import Response, Survey

SERVICE = ["csat", "first_response_time", "resolution_time", "sla_attainment", "reopen_rate"]
SALES = ["win_rate", "revenue", "sales_cycle", "follow_ups", "nps"]
GRACE = 5
TEST_ANSWERS = 2
State, Role = Cycle.State, ReviewComment.Role


def the_fall(world: World) -> Review:
    """Signed by everybody; the number of the team was disputed first, and rightly so. Returns the team's review."""
    fall, director = world.days.fall, world.users["director"]
    _leave_test_answers(world)
    cycle = _plan(world, "Service 客户服务", fall, SERVICE, world.agents, ["service"])
    _advance(world, cycle, at_clock(fall.last + timedelta(days=1 + cycle.grace_days), 4), State.FROZEN)
    first = fall.last + timedelta(days=1)
    for review in cycle.reviews.alive().order_by("pk"):
        about_team = review.subject_team_id is not None
        if about_team:
            _settle_dispute(world, review, first)
        _discuss(review, at_clock(first + timedelta(days=14 if about_team else 11), 10))
        _sign(review, at_clock(first + timedelta(days=18 if about_team else 13), 15))
    found: Review = cycle.reviews.alive().get(subject_team=world.teams["service"])
    assert found.reviewer_id == director.pk
    return found


def the_last_quarter(world: World) -> None:
    """Frozen when the days of grace were over; most still have to say what they think of their numbers."""
    period = world.days.last_quarter
    sales = _plan(world, "Sales 销售", period, SALES, world.reps, ["north", "east"])
    service = _plan(world, "Service 客户服务", period, SERVICE, world.agents, ["service"])
    for cycle in (sales, service):
        _advance(world, cycle, _frozen_at(world, cycle), State.FROZEN)
    said = "The new queue rule helps: urgent tickets no longer wait behind old ones."
    _hand_in_early(world, service.reviews.alive().get(person=world.users["agent_3"]), said)
    said = "More was won than last year; two large quotes slipped into this quarter."
    _hand_in_early(world, sales.reviews.alive().get(subject_team=world.teams["east"]), said)


def _hand_in_early(world: World, review: Review, said: str) -> None:
    """So that somebody who holds reviews has one to comment on."""
    _say(review, Role.SUBJECT, review.owner, said, world.now)
    reviews.hand_in(review, by=review.owner, at=world.now)


def the_current_quarter(world: World) -> None:
    period = periods.containing(periods.QUARTER, world.today)
    cycle = _plan(world, "Service 客户服务", period, SERVICE, world.agents, ["service"])
    _advance(world, cycle, world.now, State.RUNNING)


def _plan(world: World, name: str, period: Period, codes: list[str], people: list[Any], teams: list[str]) -> Cycle:
    """Planned as the period begins; by the director, who holds the reviews of teams."""
    days_since = (world.today - period.last).days - 1
    return cycles.plan(
        name=f"{name} {period.label}", period=period, kpi_codes=codes, people=people,
        teams=[world.teams[key] for key in teams], by=world.users["director"], at=at_clock(period.first, 0),
        grace_days=max(min(GRACE, days_since), 0),
    )  # fmt: skip


def _frozen_at(world: World, cycle: Cycle) -> datetime:
    return min(at_clock(cycle.period_end + timedelta(days=1 + cycle.grace_days), 4), world.now)


def _advance(world: World, cycle: Cycle, frozen: datetime, until: str) -> None:
    """Step by step, each on the day it was due."""
    closed = at_clock(cycle.period_end + timedelta(days=1), 0)
    begun = at_clock(cycle.period_start, 0)
    for state, at in ((State.OPEN, begun), (State.RUNNING, begun), (State.CLOSED, closed), (State.FROZEN, frozen)):
        cycles.advance(cycle, to=state, by=world.users["director"], at=at)
        if state == until:
            return


def _leave_test_answers(world: World) -> None:
    """Somebody tried the questionnaire on real tickets: found in the review, not before."""
    _test_answers(world).update(comment="Test, please ignore 测试")


def _test_answers(world: World) -> Any:
    fall = world.days.fall
    start, end = at_clock(fall.first, 0), at_clock(fall.last, 0)
    unhappy = Response.objects.filter(survey__type=Survey.Type.CSAT, score__lte=3)
    chosen = unhappy.filter(answered_at__gte=start, answered_at__lt=end).order_by("-answered_at", "-pk")[:TEST_ANSWERS]
    return Response.objects.filter(pk__in=[response.pk for response in chosen])


def _settle_dispute(world: World, review: Review, first: date) -> None:
    """The manager shows that answers were no customer's; they are taken out, and the line is measured again."""
    manager, director = world.users["manager_service"], world.users["director"]
    tests = list(_test_answers(world).order_by("pk"))
    dispute = reviews.dispute(
        review=review, kpi_code="csat", by=manager, at=at_clock(first + timedelta(days=7), 11),
        claim="Two of the unhappy answers are our own tests. 其中两份不满意答复是我们自己的测试。",
        evidence="; ".join(f"{one.contact}, {one.answered_at:%Y-%m-%d}: {one.score}" for one in tests),
    )  # fmt: skip
    at = at_clock(first + timedelta(days=9), 9)
    for response in tests:
        records.delete(response, by=director, at=at, about=[response.customer])
    reason = "The answers were tests and are in the bin now; the fall stays."
    reviews.accept(dispute, reason=reason, by=director, at=at + timedelta(hours=1))


def _discuss(review: Review, at: datetime) -> None:
    """The person first, then the reviewer, then the day of the meeting."""
    owner, reviewer = review.owner, review.reviewer
    said = {
        words.CHINESE: "Atlas 3 升级后工单激增，排队时间太长，客户等得不耐烦。",
        words.ENGLISH: "After the Atlas 3 update we had far more tickets than hands; customers waited too long.",
    }
    _say(review, Role.SUBJECT, owner, said[owner.language], at)
    reviews.hand_in(review, by=owner, at=at + timedelta(hours=1))
    answer = {
        words.CHINESE: "同意。需要为 Atlas 3 单独排队，并改进首次响应。",
        words.ENGLISH: "Agreed. Atlas 3 needs a lane of its own, and first answers have to come sooner.",
    }
    _say(review, Role.REVIEWER, reviewer, answer[reviewer.language], at + timedelta(hours=4))
    reviews.finish(review, by=reviewer, at=at + timedelta(hours=5))
    reviews.set_meeting(review, on=(at + timedelta(days=2)).date(), by=reviewer, at=at + timedelta(hours=5))


def _say(review: Review, role: Any, by: Any, text: str, at: datetime) -> None:
    reviews.comment(review=review, role=role, text=text, by=by, at=at)


def _sign(review: Review, at: datetime) -> None:
    """Both under the same digest."""
    review.refresh_from_db()
    digest = digest_of(signatures.report_of(review))
    signatures.sign(review, digest=digest, by=review.owner, at=at)
    signatures.sign(review, digest=digest, by=review.reviewer, at=at + timedelta(minutes=20))
