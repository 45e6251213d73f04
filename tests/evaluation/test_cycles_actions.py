"""Rounds of reviews: what each step asks for, and that anything else is refused and changes nothing."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from crm.models import Event, Notification
from evaluation.actions import cycles
from evaluation.formulas import periods
from evaluation.models import Cycle, FrozenLine, Review
from tests.factories.evaluation import won
from tests.factories.reviews import FROZEN, Q1, a_cycle, a_frozen_review, advanced, at_the_meeting, signed_by_both

pytestmark = pytest.mark.django_db
NEW_YEAR = datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_a_cycle_is_planned_with_a_review_for_everybody_it_is_about(cast):
    cycle = a_cycle(cast, people=[cast.rep, cast.teammate])
    assert (cycle.state, cycle.period_start.isoformat(), cycle.period_end.isoformat()) == (
        "planned", "2026-01-01", "2026-03-31",
    )  # fmt: skip
    reviews = Review.objects.order_by("pk")
    assert [(review.owner, review.reviewer, review.state) for review in reviews] == [
        (cast.rep, cast.manager, "waiting"), (cast.teammate, cast.manager, "waiting"),
    ]  # fmt: skip
    assert Event.objects.filter(type="review_cycle.created", by=cast.manager).count() == 1


def test_a_team_is_reviewed_with_its_manager_by_the_manager_above(cast):
    cast.company.manager = cast.administrator
    cast.company.save()
    cycle = a_cycle(cast, people=[], teams=[cast.north])
    review = cycle.reviews.get()
    assert (review.subject, review.owner, review.reviewer) == (cast.north, cast.manager, cast.administrator)


def test_a_manager_is_reviewed_by_the_one_above_never_by_themselves(cast):
    cast.company.manager = cast.administrator
    cast.company.save()
    review = a_cycle(cast, people=[cast.manager]).reviews.get()
    assert (review.owner, review.reviewer) == (cast.manager, cast.administrator)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"period": periods.parse("2026")}, "a month, a quarter or a half-year"),
        ({"kpi_codes": []}, "cannot be blank"),
        ({"kpi_codes": ["win_rate", "win_rate"]}, "stands on a scorecard once"),
        ({"kpi_codes": ["nonsense"]}, "There is no KPI called nonsense"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_with_the_reason(cast, said, sentence):
    with pytest.raises(ValidationError, match=sentence):
        a_cycle(cast, **said)
    assert not Cycle.objects.exists()
    assert not Review.objects.exists()


def test_a_team_without_a_manager_cannot_be_reviewed(cast):
    with pytest.raises(ValidationError, match="South has no manager"):
        a_cycle(cast, people=[], teams=[cast.south])
    assert not Cycle.objects.exists()


def test_a_scorecard_without_the_customers_experience_does_not_open(cast):
    cycle = a_cycle(cast, kpi_codes=["win_rate"])
    with pytest.raises(ValidationError, match=r"nothing about the customers' experience\. Add one of:"):
        cycles.advance(cycle, to="open", by=cast.manager, at=NEW_YEAR)
    cycle.refresh_from_db()
    assert (cycle.state, Event.objects.filter(type="review_cycle.open").count()) == ("planned", 0)


def test_opening_tells_everybody_once(cast):
    cycle = advanced(a_cycle(cast), "open", by=cast.manager)
    told = Notification.objects.get(receiver=cast.rep)
    assert told.url == f"/evaluation/reviews/{cycle.reviews.get().pk}/"
    assert "A review is coming" in told.message


@pytest.mark.parametrize("to", ["planned", "running", "closed", "frozen", "archived"])
def test_only_the_next_step_is_possible(cast, to):
    cycle = a_cycle(cast)
    with pytest.raises(ValidationError, match=r"The cycle is planned\. It cannot become"):
        cycles.advance(cycle, to=to, by=cast.manager, at=FROZEN)
    cycle.refresh_from_db()
    assert (cycle.state, cycle.version) == ("planned", 1)


@pytest.mark.parametrize(
    ("before", "to", "day", "sentence"),
    [
        (["open"], "running", "2025-12-31", "The period begins on Jan. 1, 2026"),
        (["open", "running"], "closed", "2026-03-31", "not over before April 1, 2026"),
        (["open", "running", "closed"], "frozen", "2026-04-05", "days of grace end on April 6, 2026"),
    ],
)
def test_no_step_comes_before_its_day(cast, before, to, day, sentence):
    cycle = advanced(a_cycle(cast), *before, by=cast.manager)
    early = datetime.fromisoformat(day).replace(hour=23, tzinfo=UTC)
    with pytest.raises(ValidationError, match=sentence):
        cycles.advance(cycle, to=to, by=cast.manager, at=early)
    cycle.refresh_from_db()
    assert cycle.state == before[-1]
    assert not FrozenLine.objects.exists()


def test_time_closes_and_freezes_by_itself_and_a_second_run_does_nothing(cast):
    cycle = advanced(a_cycle(cast), "open", "running", by=cast.manager)
    assert cycles.advance_due(now=datetime(2026, 3, 31, 12, tzinfo=UTC)) == 0
    assert cycles.advance_due(now=datetime(2026, 4, 1, 4, tzinfo=UTC)) == 1
    assert cycles.advance_due(now=FROZEN) == 1
    assert cycles.advance_due(now=FROZEN) == 0
    cycle.refresh_from_db()
    assert (cycle.state, cycle.frozen_at) == ("frozen", FROZEN)
    said = [(event.type, event.by, event.data["to"]) for event in Event.objects.filter(type="review_cycle.frozen")]
    assert said == [("review_cycle.frozen", None, "frozen")]
    assert FrozenLine.objects.count() == 2


def test_a_planned_cycle_can_be_changed_and_deleted_a_later_one_not(cast):
    cycle = a_cycle(cast)
    cycles.replan(cycle, {"name": "Q1"}, people=[cast.teammate], teams=[], by=cast.manager, at=NEW_YEAR)
    assert [review.owner for review in cycle.reviews.alive()] == [cast.teammate]
    cycle.refresh_from_db()
    opened = advanced(cycle, "open", by=cast.manager)
    for refused in (
        lambda: cycles.delete(opened, by=cast.manager, at=FROZEN),
        lambda: cycles.replan(opened, {"name": "X"}, people=[], teams=[], by=cast.manager, at=FROZEN),
    ):
        with pytest.raises(ValidationError, match="Only a planned cycle"):
            refused()
    cycle.refresh_from_db()
    assert (cycle.name, cycle.deleted_at) == ("Q1", None)


def test_a_cycle_is_archived_when_all_are_signed(cast):
    review = a_frozen_review(cast)
    with pytest.raises(ValidationError, match="Not finished yet: Rosa Rep"):
        cycles.advance(review.cycle, to="archived", by=cast.manager, at=FROZEN)
    signed_by_both(at_the_meeting(review, cast), cast)
    cycles.advance(review.cycle, to="archived", by=cast.manager, at=FROZEN)
    review.refresh_from_db()
    assert (review.state, review.cycle.period) == ("archived", Q1)


def test_what_is_measured_is_what_was_in_the_quarter(cast):
    won("2026-04-01", cast.rep)  # the day after
    line = a_frozen_review(cast).lines.get(kpi_code="win_rate")
    assert (line.said["numerator"], line.said["denominator"], line.records.count()) == (2, 3, 3)
