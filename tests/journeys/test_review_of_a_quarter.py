"""A quarter from its records to the measured effect of what was decided in its review."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crm.models import Notification, Team, User
from customers.actions import tasks as task_actions
from customers.models import Task
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity
from evaluation import engine, tasks
from evaluation.actions import cycles, plans, restatements, reviews, signatures
from evaluation.actions.freezing import digest_of
from evaluation.actions.signatures import report_of
from evaluation.actions.verifying import verify
from evaluation.engine import scopes
from evaluation.formulas import periods
from evaluation.models import ActionPlan, Cycle, Goal, Measurement, PlanStep, Review
from evaluation.views.review_exports import as_csv, as_xlsx
from tests.factories.evaluation import a_response, lost, won
from tests.factories.goals import a_goal
from tests.factories.reviews import current_lines
from tests.factories.surveys import deliver
from tests.journeys.real_records import SALES, rows_of

Q2 = periods.parse("2026-Q2")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_quarter_of(rep: Any, first_month: int = 4, year: int = 2026, won_of_four: int = 1) -> list[Opportunity]:
    """Twelve closed opportunities in each of three months, so many of every four won."""
    closed = []
    for month in range(first_month, first_month + 3):
        for number in range(12):
            close = won if number % 4 < won_of_four else lost
            closed.append(
                close(f"{year}-{month:02}-{number + 2:02} 10:00", rep, name=f"{year}-{month:02} no. {number}")
            )
    return closed


@pytest.fixture
def quarter(cast: Any) -> list[Opportunity]:
    """A year before in which half was won, then a second quarter in which a quarter was."""
    cast.north.manager = cast.manager
    cast.north.save()
    for year, first in ((2025, 4), (2025, 7), (2025, 10), (2026, 1)):
        a_quarter_of(cast.rep, first, year, won_of_four=2)
    for number in range(6):
        a_response(f"2026-05-{number + 1:02}", 5, owner=cast.rep)
    return a_quarter_of(cast.rep)


def the_review_is_frozen(cast: Any) -> Review:
    """From the plan of the cycle to its freeze, with the steps that time makes by itself."""
    cycle = cycles.plan(
        name="Second quarter", period=Q2, kpi_codes=["win_rate", "csat"], people=[cast.rep],
        by=cast.manager, at=at("2026-03-20 09:00"),
    )  # fmt: skip
    cycles.advance(cycle, to="open", by=cast.manager, at=at("2026-03-25 09:00"))
    cycles.advance(cycle, to="running", by=cast.manager, at=at("2026-04-01 09:00"))
    tasks.advance_cycles(at("2026-07-03 04:00"))
    assert Cycle.objects.get().state == "closed"  # days of grace: nothing frozen yet
    tasks.advance_cycles(at("2026-07-06 04:00"))
    cycle.refresh_from_db()
    assert (cycle.state, cycle.frozen_at) == ("frozen", at("2026-07-06 04:00"))
    return cycle.reviews.get()


def signed(review: Review, cast: Any) -> Review:
    """Comments of both, the meeting, two signatures."""
    reviews.comment(review=review, role="subject", text="Two big ones slipped.", by=cast.rep, at=at("2026-07-07 09:00"))
    reviews.hand_in(review, by=cast.rep, at=at("2026-07-07 10:00"))
    reviews.comment(review=review, role="reviewer", text="Agreed.", by=cast.manager, at=at("2026-07-08 09:00"))
    reviews.finish(review, by=cast.manager, at=at("2026-07-08 10:00"))
    reviews.set_meeting(review, on=date(2026, 7, 9), by=cast.manager, at=at("2026-07-08 10:05"))
    digest = digest_of(report_of(Review.objects.get(pk=review.pk)))
    signatures.sign(review, digest=digest, by=cast.rep, at=at("2026-07-09 15:00"))
    signatures.sign(review, digest=digest, by=cast.manager, at=at("2026-07-09 15:05"))
    review.refresh_from_db()
    return review


@pytest.mark.django_db
def test_a_quarter_is_measured_reviewed_disputed_signed_improved_and_measured_again(cast, quarter, client):
    a_goal(cast.rep, period_kind="quarter", target=0.5, starts_on=date(2026, 4, 1), by=cast.manager,
           at=at("2026-03-30 09:00"))  # fmt: skip
    tasks.measure_last(at("2026-07-06 03:00"))
    measured = Measurement.objects.of_kpi("win_rate").get(
        scope_kind="person", scope_key=str(cast.rep.pk), period_kind="quarter"
    )
    assert (measured.value, measured.n, measured.is_final) == (0.25, 36, True)

    review = the_review_is_frozen(cast)
    line, csat = current_lines(review)
    assert (line.said["value"], line.said["numerator"], line.said["denominator"]) == (0.25, 9, 36)
    assert line.said["evidence"]["count"] == line.records.count() == 36
    assert line.said["goal"]["levels"]["at_least"] == 0.5
    assert line.said["judgement"]["attainment"]["verdict"] == "missed"
    assert (csat.said["value"], csat.said["n"]) == (1.0, 6)

    # One that was won had been noted as lost. The record is corrected, then the dispute accepted.
    wrong = quarter[1]
    found = reviews.dispute(review=review, kpi_code="win_rate", claim="The second of April was won.",
                            evidence="Signed offer of 3 April.", by=cast.rep, at=at("2026-07-07 08:00"))  # fmt: skip
    opportunities.reopen(wrong, by=cast.manager, at=at("2026-04-03 11:00"))
    opportunities.win(Opportunity.objects.get(pk=wrong.pk), by=cast.manager, at=at("2026-04-03 12:00"))
    amended = reviews.accept(found, reason="The offer is signed.", by=cast.manager, at=at("2026-07-07 08:30"))
    assert (amended.number, amended.said["value"], amended.said["numerator"]) == (2, 10 / 36, 10)
    assert review.lines.get(kpi_code="win_rate", number=1).said["value"] == 0.25

    review = signed(review, cast)
    assert review.state == "signed"
    assert verify(review).is_intact
    digest = review.report.digest
    assert {one.digest for one in review.signatures.all()} == {digest}

    plan = plans.draft(
        name="Qualify earlier", reason="Half of what was lost had no budget.", kpi_code="win_rate",
        expected_effect=0.2, scope=scopes.of_person(cast.rep), review=review, owner=cast.rep,
        due_on=date(2026, 8, 31), effect_due_on=date(2026, 11, 2), by=cast.manager, at=at("2026-07-09 16:00"),
        steps=[{"title": "Ask for the budget in the first call"}, {"title": "Training"}],
    )  # fmt: skip
    plans.agree(plan, by=cast.rep, at=at("2026-07-10 09:00"))
    plans.start(plan, by=cast.rep, at=at("2026-08-01 09:00"))
    steps = list(PlanStep.objects.filter(plan=plan).select_related("task"))
    assert [step.task.title for step in steps] == ["Ask for the budget in the first call", "Training"]
    for step in steps:
        task_actions.complete(Task.objects.get(pk=step.task_id), by=cast.rep, at=at("2026-08-20 09:00"))
    deliver(at("2026-08-20 09:01"))
    assert [step.done_by for step in PlanStep.objects.filter(plan=plan)] == [cast.rep, cast.rep]

    a_quarter_of(cast.rep, 8, won_of_four=3)  # August to October: three of four
    tasks.measure_effects(at("2026-11-01 05:00"))
    assert not plan.effects.exists()  # not due yet
    tasks.measure_effects(at("2026-11-02 05:00"))
    effect = plan.effects.get()
    assert (effect.verdict, effect.grade, effect.design) == ("improved", "D", "before and after")
    assert (effect.before, effect.after, effect.estimate) == (0.5, 0.75, 0.25)
    assert effect.notes == ["trigger period excluded"]
    assert effect.given["trigger"] == [8, 9, 10]  # April to June
    assert ActionPlan.objects.get().state == "effect_measured"
    assert Review.objects.get().state == "effect_measured"

    # The quarter's records change: the report does not, and the KPI page tells what moved.
    before = (review.report.content, as_csv(review), as_xlsx(review), [line.digest for line in review.lines.all()])
    later = at("2026-11-03 09:00")
    opportunities.update(quarter[0], {"amount": 99, "name": "Renamed"}, by=cast.manager, at=later)
    opportunities.delete(Opportunity.objects.get(pk=quarter[4].pk), by=cast.manager, at=later)
    opportunities.hand_over(Opportunity.objects.get(pk=quarter[8].pk), owner=cast.outsider, by=cast.manager, at=later)
    review = Review.objects.get()
    assert (
        review.report.content,
        as_csv(review),
        as_xlsx(review),
        [line.digest for line in review.lines.all()],
    ) == before
    assert review.report.digest == digest == digest_of(review.report.content)
    assert verify(review).is_intact
    again = restatements.restated(measured, now=at("2026-11-04 09:00"), user=cast.manager)
    assert again is not None
    assert (measured.value, again.result.numerator, again.result.n) == (0.25, 9, 35)
    moved = {one.id: one.is_deleted for one in again.moved}
    assert moved == {quarter[1].pk: False, quarter[4].pk: True}
    assert again.hidden == 0

    client.force_login(cast.rep)
    page = client.get(f"/evaluation/reviews/{review.pk}/").content.decode()
    assert digest in page and "27.8%" in page and "Amended from 25.0% to 27.8%" in page  # noqa: PT018
    cycles.advance(review.cycle, to="archived", by=cast.manager, at=later + timedelta(days=1))
    assert Review.objects.get().state == "archived"
    assert Notification.objects.filter(receiver=cast.rep).count() >= 6
    assert json.loads(review.report.content)["disputes"][0]["answer"] == "The offer is signed."
    assert Goal.objects.count() == 1


def closed_in_the_files(office: str, first: date, last: date) -> list[dict[str, str]]:
    """Counted anew from the files, without any of the code that is tested."""
    agents = {row["sales_agent"] for row in rows_of(SALES / "sales_teams.csv") if row["regional_office"] == office}
    return [
        row
        for row in rows_of(SALES / "sales_pipeline.csv")
        if row["sales_agent"] in agents
        and row["deal_stage"] in ("Won", "Lost")
        and first <= datetime.strptime(row["close_date"], "%m/%d/%Y").replace(tzinfo=UTC).date() <= last
    ]


@pytest.mark.real_data
@pytest.mark.django_db
def test_the_signed_review_of_a_regional_office_outlives_every_change_of_its_opportunities(imported, client):
    """Central, third quarter of 2017, from the real records."""
    now = at("2018-01-15 09:00")
    admin, head = User.objects.get(email="admin@example.com"), User.objects.get(name="Dustin Brinkmann")
    office = Team.objects.get(name="Central")
    office.manager = head
    office.save()
    q3 = periods.parse("2017-Q3")
    cycle = cycles.plan(name="Central 2017-Q3", period=q3, kpi_codes=["win_rate", "revenue", "csat"],
                        teams=[office], by=admin, at=now)  # fmt: skip
    for step in ("open", "running", "closed", "frozen"):
        cycle = cycles.advance(cycle, to=step, by=admin, at=now)
    review = cycle.reviews.get()
    assert (review.owner, review.reviewer, review.state) == (head, admin, "self_review")

    rows = closed_in_the_files("Central", q3.first, q3.last)
    won_rows = [row for row in rows if row["deal_stage"] == "Won"]
    rate, value, csat = current_lines(review)
    assert (rate.said["numerator"], rate.said["denominator"]) == (len(won_rows), len(rows))
    assert value.said["value"] == sum(int(row["close_value"]) for row in won_rows)
    assert rate.records.count() == len(rows)
    assert (csat.said["value"], csat.said["flags"]) == (None, ["no_denominator"])

    reviews.hand_in(review, by=head, at=now)
    reviews.comment(review=review, role="reviewer", text="As expected.", by=admin, at=now)
    reviews.finish(review, by=admin, at=now)
    reviews.set_meeting(review, on=date(2018, 1, 15), by=admin, at=now)
    digest = digest_of(report_of(Review.objects.get()))
    signatures.sign(review, digest=digest, by=head, at=now, objection="The targets came late.")
    signatures.sign(review, digest=digest, by=admin, at=now)
    review = Review.objects.get()
    assert review.state == "objected"
    before = (review.report.content, as_csv(review), as_xlsx(review))

    later, other = (
        now + timedelta(days=30),
        User.objects.exclude(team__path__contains=[office.pk]).get(name="Cara Losch"),
    )
    touched = [record.record_id for record in rate.records.order_by("sequence")[:30]]
    for place, pk in enumerate(touched):
        opportunity = Opportunity.objects.get(pk=pk)
        if place % 3 == 0:
            opportunities.delete(opportunity, by=admin, at=later)
        elif place % 3 == 1:
            opportunities.update(opportunity, {"amount": 1, "name": f"Changed {place}"}, by=admin, at=later)
        else:
            opportunities.hand_over(opportunity, owner=other, by=admin, at=later)
    review = Review.objects.get()
    assert (review.report.content, as_csv(review), as_xlsx(review)) == before
    assert verify(review).is_intact
    assert engine.value("win_rate", scopes.of_team(office), q3, now=later).n == len(rows) - 10  # as it would be today
    client.force_login(head)
    page = client.get(f"/evaluation/reviews/{review.pk}/report/").content.decode()
    assert digest in page
    assert "The targets came late." in page
