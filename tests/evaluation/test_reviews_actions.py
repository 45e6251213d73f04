"""A review from hand to hand: who may do what when, what is refused, and that refusals change nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from crm.models import Event, Notification
from customers.sales.actions import opportunities
from customers.sales.models import Opportunity
from evaluation.actions import reviews, signatures
from evaluation.actions.verifying import verify
from evaluation.models import Dispute, FrozenLine, Review, ReviewComment, SignedReport
from tests.factories.reviews import FROZEN, a_cycle, a_frozen_review, at_the_meeting, digest_now, signed_by_both

pytestmark = pytest.mark.django_db


def disputed(review, cast, **said):
    known = {"kpi_code": "win_rate", "claim": "March was won.", "evidence": "The signed offer.", **said}
    return reviews.dispute(review=review, by=cast.rep, at=FROZEN, **known)


def corrected(cast):
    """The opportunity of March was won after all, on the day it was noted as lost."""
    found = Opportunity.objects.get(name="Lost in March")
    when = FROZEN.replace(month=3, day=10, hour=1)
    opportunities.reopen(found, by=cast.manager, at=when)
    opportunities.win(Opportunity.objects.get(pk=found.pk), by=cast.manager, at=when)


def unchanged(review):
    return (
        Review.objects.filter(pk=review.pk).values().get(),
        Event.objects.filter(type__startswith="review.").count(),
        ReviewComment.objects.count(),
        FrozenLine.objects.count(),
        SignedReport.objects.count(),
    )


def refused(review, action, error, match):
    before = unchanged(review)
    with pytest.raises(error, match=match), transaction.atomic():
        action()
    assert unchanged(review) == before


def test_who_sees_a_review(cast):
    review = a_frozen_review(cast)
    seeing = [
        name
        for name in ("rep", "teammate", "junior", "outsider", "agent", "manager", "service_manager", "analyst",
                     "administrator", "nobody")
        if Review.objects.visible_to(getattr(cast, name)).filter(pk=review.pk).exists()
    ]  # fmt: skip
    assert seeing == ["rep", "manager", "service_manager", "analyst", "administrator"]


def test_before_the_freeze_there_is_nothing_to_do(cast):
    review = a_cycle(cast).reviews.get()
    refused(review, lambda: reviews.hand_in(review, by=cast.rep, at=FROZEN), ValidationError, "not frozen yet")


def test_each_side_comments_in_its_turn(cast):
    review = a_frozen_review(cast)
    reviews.comment(review=review, role="subject", kpi_code="win_rate", text=" Fine. ", by=cast.rep, at=FROZEN)
    found = ReviewComment.objects.get()
    assert (found.text, found.by, found.kpi_code) == ("Fine.", cast.rep, "win_rate")
    args = {"review": review, "text": "No", "at": FROZEN}
    refused(
        review, lambda: reviews.comment(role="subject", by=cast.manager, **args), PermissionDenied, "whom it is about"
    )
    refused(
        review, lambda: reviews.comment(role="reviewer", by=cast.rep, **args), PermissionDenied, "Only the reviewer"
    )
    refused(review, lambda: reviews.comment(role="reviewer", by=cast.manager, **args), ValidationError, "comes first")
    refused(
        review,
        lambda: reviews.comment(role="subject", kpi_code="nps", by=cast.rep, **args),
        ValidationError,
        "no such line",
    )


def test_an_empty_comment_takes_it_back_and_the_same_again_writes_nothing(cast):
    review = a_frozen_review(cast)
    for _ in range(2):
        reviews.comment(review=review, role="subject", text="Fine.", by=cast.rep, at=FROZEN)
    assert Event.objects.filter(type="review.commented").count() == 1
    reviews.comment(review=review, role="subject", text="", by=cast.rep, at=FROZEN)
    assert not ReviewComment.objects.exists()


def test_it_goes_from_hand_to_hand_and_each_is_told(cast):
    review = a_frozen_review(cast, calibrates=True)
    reviews.hand_in(review, by=cast.rep, at=FROZEN)
    assert Notification.objects.filter(receiver=cast.manager, message__contains="has reviewed the own").count() == 1
    refused(review, lambda: reviews.finish(review, by=cast.manager, at=FROZEN), ValidationError, "comment on the whole")
    reviews.comment(review=review, role="reviewer", text="Good.", by=cast.manager, at=FROZEN)
    reviews.finish(review, by=cast.manager, at=FROZEN)
    assert Review.objects.get().state == "calibration"
    reviews.comment(review=review, role="calibration", text="As the others.", by=cast.manager, at=FROZEN)
    reviews.calibrate(review, by=cast.manager, at=FROZEN)
    assert Review.objects.get().state == "meeting"
    moved = Event.objects.filter(type__in=["review.frozen", "review.handed_in", "review.finished", "review.calibrated"])
    assert [(event.data["from"], event.data["to"], event.by) for event in moved.order_by("pk")] == [
        ("waiting", "self_review", cast.manager),
        ("self_review", "manager_review", cast.rep),
        ("manager_review", "calibration", cast.manager),
        ("calibration", "meeting", cast.manager),
    ]


@pytest.mark.parametrize("step", ["finish", "calibrate"])
def test_no_step_is_jumped_over(cast, step):
    review = a_frozen_review(cast)
    action = getattr(reviews, step)
    refused(review, lambda: action(review, by=cast.manager, at=FROZEN), ValidationError, "another step: self-review")


def test_the_reviewer_goes_on_without_a_self_review_with_a_reason_only(cast):
    review = a_frozen_review(cast)
    refused(review, lambda: reviews.hand_in(review, by=cast.manager, at=FROZEN), ValidationError, "Say why")
    refused(
        review, lambda: reviews.hand_in(review, by=cast.teammate, at=FROZEN, reason="x"), PermissionDenied, "reviewer"
    )
    reviews.hand_in(review, by=cast.manager, at=FROZEN, reason="Away until May.")
    assert Event.objects.get(type="review.handed_in").data["reason"] == "Away until May."


def test_only_the_subject_disputes_and_once_a_line(cast):
    review = a_frozen_review(cast)
    said = {"review": review, "kpi_code": "win_rate", "claim": "No", "evidence": "Look", "at": FROZEN}
    refused(review, lambda: reviews.dispute(by=cast.manager, **said), PermissionDenied, "Only whom")
    found = disputed(review, cast)
    assert (found.state, found.by) == ("open", cast.rep)
    refused(review, lambda: reviews.dispute(by=cast.rep, **said), ValidationError, "disputed already")
    refused(review, lambda: disputed(review, cast, kpi_code="nps"), ValidationError, "no such line")
    refused(review, lambda: disputed(review, cast, kpi_code="csat", evidence=" "), ValidationError, "blank")
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(review=review, kpi_code="win_rate", claim="x", evidence="y", by=cast.rep, at=FROZEN)


def test_an_accepted_dispute_amends_the_line_and_keeps_the_original(cast):
    review = a_frozen_review(cast)
    found = disputed(review, cast)
    refused(
        review,
        lambda: reviews.accept(found, reason="True", by=cast.manager, at=FROZEN),
        ValidationError,
        "still say the same",
    )
    corrected(cast)
    refused(review, lambda: reviews.accept(found, reason="True", by=cast.rep, at=FROZEN), PermissionDenied, "reviewer")
    refused(
        review, lambda: reviews.accept(found, reason=" ", by=cast.manager, at=FROZEN), ValidationError, "what was wrong"
    )
    amended = reviews.accept(found, reason="The offer is signed.", by=cast.manager, at=FROZEN)
    lines = review.lines.filter(kpi_code="win_rate").order_by("number")
    assert [(line.number, line.said["value"], line.reason) for line in lines] == [
        (1, 2 / 3, ""), (2, 1.0, "The offer is signed."),
    ]  # fmt: skip
    assert (amended.by, amended.sequence, amended.position) == (cast.manager, 3, 1)
    found.refresh_from_db()
    assert (found.state, found.answer, found.settled_by) == ("accepted", "The offer is signed.", cast.manager)
    changed = Event.objects.get(type="review.amended").data["changed"]
    assert changed == {"value": [2 / 3, 1.0], "numerator": [2, 3]}
    refused(
        review,
        lambda: reviews.decline(found, reason="x", by=cast.manager, at=FROZEN),
        ValidationError,
        "settled already",
    )


def test_a_declined_dispute_needs_a_reason_and_leaves_the_line(cast):
    review = a_frozen_review(cast)
    found = disputed(review, cast)
    refused(review, lambda: reviews.decline(found, reason="", by=cast.manager, at=FROZEN), ValidationError, "Say why")
    reviews.decline(found, reason="It was lost on paper too.", by=cast.manager, at=FROZEN)
    assert review.lines.filter(kpi_code="win_rate").count() == 1
    assert Notification.objects.filter(receiver=cast.rep, message__contains="settled").count() == 1


def test_who_disputes_may_withdraw(cast):
    review = a_frozen_review(cast)
    found = disputed(review, cast)
    refused(review, lambda: reviews.withdraw(found, by=cast.manager, at=FROZEN), PermissionDenied, "Only who disputes")
    assert reviews.withdraw(found, by=cast.rep, at=FROZEN).state == "withdrawn"


def test_nobody_signs_before_the_meeting_while_disputed_or_for_others(cast):
    review = a_frozen_review(cast)
    digest = digest_now(review)
    refused(
        review,
        lambda: signatures.sign(review, digest=digest, by=cast.rep, at=FROZEN),
        ValidationError,
        "after the meeting",
    )
    found = disputed(review, cast)
    review = at_the_meeting(review, cast)
    digest = digest_now(review)
    refused(
        review,
        lambda: signatures.sign(review, digest=digest, by=cast.rep, at=FROZEN),
        ValidationError,
        "still disputed",
    )
    reviews.decline(found, reason="No.", by=cast.manager, at=FROZEN)
    refused(
        review, lambda: signatures.sign(review, digest=digest, by=cast.rep, at=FROZEN), ValidationError, "Read it again"
    )
    digest = digest_now(review)
    refused(
        review,
        lambda: signatures.sign(review, digest=digest, by=cast.analyst, at=FROZEN),
        PermissionDenied,
        "signed by whom",
    )


def test_both_sign_the_same_digest_and_the_objection_stays(cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast, objection="The goal came in March.")
    assert review.state == "objected"
    assert [(one.role, one.name, one.objection) for one in review.signatures.order_by("pk")] == [
        ("subject", "Rosa Rep", "The goal came in March."), ("reviewer", "Mia Manager", ""),
    ]  # fmt: skip
    assert {one.digest for one in review.signatures.all()} == {review.report.digest}


def test_after_the_first_signature_nothing_changes_any_more(cast):
    review = at_the_meeting(a_frozen_review(cast), cast)
    signatures.sign(review, digest=digest_now(review), by=cast.rep, at=FROZEN)
    day = date(2026, 4, 20)
    args = {"by": cast.manager, "at": FROZEN}
    sentence = "Rosa Rep has signed: nothing"
    refused(review, lambda: reviews.set_meeting(review, on=day, **args), ValidationError, sentence)
    refused(review, lambda: disputed(review, cast), ValidationError, sentence)
    comment = {"review": review, "role": "reviewer", "text": "Hm", **args}
    refused(review, lambda: reviews.comment(**comment), ValidationError, sentence)
    refused(
        review,
        lambda: signatures.sign(review, digest=digest_now(review), by=cast.rep, at=FROZEN),
        ValidationError,
        "already",
    )


def test_a_signed_review_takes_nothing_at_all(cast):
    review = signed_by_both(at_the_meeting(a_frozen_review(cast), cast), cast)
    refused(review, lambda: disputed(review, cast), ValidationError, "This review is signed")
    refused(review, lambda: reviews.hand_in(review, by=cast.rep, at=FROZEN), ValidationError, "This review is signed")


def test_the_home_panel_knows_whose_turn_it_is(cast):
    review = a_frozen_review(cast)

    def waiting(on=FROZEN.date()):
        return [
            person.name
            for person in (cast.rep, cast.manager)
            if Review.objects.waiting_for(person, on).filter(pk=review.pk)
        ]

    assert waiting() == ["Rosa Rep"]
    reviews.hand_in(review, by=cast.rep, at=FROZEN)
    assert waiting() == ["Mia Manager"]
    reviews.comment(review=review, role="reviewer", text="Good.", by=cast.manager, at=FROZEN)
    reviews.finish(review, by=cast.manager, at=FROZEN)
    assert waiting() == ["Mia Manager"]  # to set the day of the meeting
    reviews.set_meeting(review, on=date(2026, 4, 7), by=cast.manager, at=FROZEN)
    assert waiting() == []
    assert waiting(date(2026, 4, 7)) == ["Rosa Rep", "Mia Manager"]
    refused(
        review,
        lambda: signatures.sign(review, digest=digest_now(review), by=cast.manager, at=FROZEN),
        ValidationError,
        "The meeting has not been yet",
    )
    signatures.sign(review, digest=digest_now(review), by=cast.manager, at=FROZEN + timedelta(days=1))
    assert waiting(date(2026, 4, 7)) == ["Rosa Rep"]


def test_who_never_signs_does_not_hold_the_review_for_ever(cast):
    review = at_the_meeting(a_frozen_review(cast), cast)
    late = FROZEN + timedelta(days=30)

    def close(by=cast.manager, at=late, reason="Left the company"):
        return signatures.close_unsigned(review, reason=reason, by=by, at=at)

    with pytest.raises(ValidationError):  # the reviewer has not signed either
        close()
    signatures.sign(review, digest=digest_now(review), by=cast.manager, at=FROZEN)
    with pytest.raises(ValidationError):  # too early: the meeting was on the 6th of April
        close(at=datetime(2026, 4, 20, 9, tzinfo=UTC))
    with pytest.raises(ValidationError):
        close(reason=" ")
    with pytest.raises(PermissionDenied):
        close(by=cast.rep)
    review.refresh_from_db()
    assert review.state == Review.State.MEETING

    closed = close(at=datetime(2026, 4, 21, 9, tzinfo=UTC))
    assert closed.state == Review.State.UNSIGNED
    assert closed.is_signed  # nothing in it changes any more
    assert [one.role for one in closed.signatures.all()] == ["reviewer"]
    event = Event.objects.get(type="review.closed_unsigned")
    assert (event.data["unsigned"], event.data["days"], event.data["reason"]) == (cast.rep.name, 14, "Left the company")
    with pytest.raises(ValidationError):
        signatures.sign(closed, digest=digest_now(closed), by=cast.rep, at=late)
    assert verify(closed).is_intact
