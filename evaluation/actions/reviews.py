"""One review after the freeze: comments, disputes, the hand-overs from side to side, and what its plans lead to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions.notifications import notify
from crm.models import User
from evaluation import kpis
from evaluation.actions import freezing, narrowing, subjects
from evaluation.actions.kpis import sync_versions
from evaluation.models import Dispute, FrozenLine, Review, ReviewComment
from evaluation.models.review import IN_DISCUSSION

State = Review.State


@transaction.atomic
def comment(
    *, review: Review, role: str, text: str, by: User, at: datetime, kpi_code: str = ""
) -> ReviewComment | None:
    """What one side says of a line, or of the whole; empty text takes it back."""
    locked = _in_discussion(review)
    side = ReviewComment.Role(role)
    _check_side(locked, side, by)
    if kpi_code and not locked.lines.filter(kpi_code=kpi_code).exists():
        raise ValidationError(_("There is no such line on the scorecard."))
    known = locked.comments.filter(kpi_code=kpi_code, role=side).first()
    said, before = text.strip(), known.text if known else ""
    if said == before:
        return known
    if known and not said:
        known.delete()
        known = None
    else:
        known = known or ReviewComment(review=locked, kpi_code=kpi_code, role=side)
        known.text, known.by, known.at = said, by, at
        known.full_clean()
        known.save()
    data = {"role": side.value, "kpi": kpi_code, "text": [before, said]}
    events.record("review.commented", locked, by=by, at=at, data=data, about=[locked.cycle])
    return known


@transaction.atomic
def hand_in(review: Review, *, by: User, at: datetime, reason: str = "") -> Review:
    """The self-review is done. The reviewer may go on without it, with a reason."""
    locked = _in_discussion(review)
    _check_state(locked, State.SELF_REVIEW)
    if not locked.is_subject(by):
        _only_reviewer(locked, by)
        if not reason.strip():
            raise ValidationError(_("Say why you go on without the self-review."))
    moved = _move(locked, State.MANAGER_REVIEW, "review.handed_in", by, at, reason=reason.strip())
    _tell(locked.reviewer, gettext_noop("%(by)s has reviewed the own numbers: %(review)s."), moved, by, at)
    return moved


@transaction.atomic
def finish(review: Review, *, by: User, at: datetime) -> Review:
    """The manager has said what there is to say; next is calibration, where the cycle has one, or the meeting."""
    locked = _in_discussion(review)
    _check_state(locked, State.MANAGER_REVIEW)
    _only_reviewer(locked, by)
    if not locked.comments.filter(role=ReviewComment.Role.REVIEWER, kpi_code="").exists():
        raise ValidationError(_("Write a comment on the whole first: the person should know what you think."))
    to = State.CALIBRATION if locked.cycle.calibrates else State.MEETING
    moved = _move(locked, to, "review.finished", by, at)
    _tell(locked.owner, gettext_noop("%(by)s has commented on your numbers: %(review)s."), moved, by, at)
    return moved


@transaction.atomic
def calibrate(review: Review, *, by: User, at: datetime) -> Review:
    """The review was compared with the others; what changed is in the calibration comment."""
    locked = _in_discussion(review)
    _check_state(locked, State.CALIBRATION)
    _only_reviewer(locked, by)
    return _move(locked, State.MEETING, "review.calibrated", by, at)


@transaction.atomic
def set_meeting(review: Review, *, on: date, by: User, at: datetime) -> Review:
    locked = _in_discussion(review)
    _only_reviewer(locked, by)
    if locked.meeting_on == on:
        return locked
    before, locked.meeting_on = locked.meeting_on, on
    _save(locked, at)
    data = {"meeting_on": [before.isoformat() if before else None, on.isoformat()]}
    events.record("review.meeting_set", locked, by=by, at=at, data=data, about=[locked.cycle])
    _tell(locked.owner, gettext_noop("%(by)s set the day of your review: %(review)s."), locked, by, at)
    return locked


@transaction.atomic
def dispute(*, review: Review, kpi_code: str, claim: str, evidence: str, by: User, at: datetime) -> Dispute:
    """The subject holds a line to be wrong, says why, and shows by what."""
    locked = _in_discussion(review)
    if not locked.is_subject(by):
        raise PermissionDenied(_("Only whom the review is about can dispute a line."))
    if not locked.lines.filter(kpi_code=kpi_code).exists():
        raise ValidationError(_("There is no such line on the scorecard."))
    found = Dispute(review=locked, kpi_code=kpi_code, claim=claim.strip(), evidence=evidence.strip(), by=by, at=at)
    found.full_clean()
    found.save()
    data = {"kpi": kpi_code, "claim": found.claim, "evidence": found.evidence}
    events.record("review.disputed", locked, by=by, at=at, data=data, about=[locked.cycle])
    _tell(locked.reviewer, gettext_noop("%(by)s disputes a number: %(review)s."), locked, by, at, f"dispute-{found.pk}")
    return found


@transaction.atomic
def withdraw(found: Dispute, *, by: User, at: datetime) -> Dispute:
    """The subject no longer holds it."""
    locked, open_one = _open_dispute(found)
    if open_one.by_id != by.pk:
        raise PermissionDenied(_("Only who disputes a line can withdraw that."))
    return _settle(locked, open_one, Dispute.State.WITHDRAWN, "", by, at)


@transaction.atomic
def decline(found: Dispute, *, reason: str, by: User, at: datetime) -> Dispute:
    """The line stands, and why."""
    locked, open_one = _open_dispute(found)
    _only_reviewer(locked, by)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the number stands.")})
    return _settle(locked, open_one, Dispute.State.DECLINED, reason.strip(), by, at)


@transaction.atomic
def accept(found: Dispute, *, reason: str, by: User, at: datetime) -> FrozenLine:
    """The line was wrong: it is measured again from the records, which must have been corrected by now.

    A number is never typed in. The original line stays; the amendment stands beside it with its reason.
    """
    locked, open_one = _open_dispute(found)
    _only_reviewer(locked, by)
    if not reason.strip():
        raise ValidationError({"reason": _("Say what was wrong.")})
    line = amend(locked, kpi_code=open_one.kpi_code, reason=reason.strip(), by=by, at=at)
    _settle(locked, open_one, Dispute.State.ACCEPTED, reason.strip(), by, at)
    return line


def amend(review: Review, *, kpi_code: str, reason: str, by: User, at: datetime) -> FrozenLine:
    """Freeze a line once more, as known now. The caller holds the lock and has checked who asks."""
    line = _line(review, kpi_code)
    drafted = preview(review, kpi_code, at=at)
    found = freezing.difference(line, drafted)
    if found.is_empty:
        raise ValidationError(_("The records still say the same. Correct them first, or decline with a reason."))
    version = sync_versions(at=at)[kpi_code]
    amended = freezing.freeze(review, drafted, version=version, position=line.position, by=by, at=at, reason=reason)
    data = {
        "kpi": kpi_code, "number": amended.number, "reason": reason, "digest": amended.digest,
        "changed": {name: list(pair) for name, pair in found.numbers.items()},
    }  # fmt: skip
    events.record("review.amended", review, by=by, at=at, data=data, about=[review.cycle])
    return amended


def preview(review: Review, kpi_code: str, *, at: datetime) -> freezing.Draft:
    """What the line would say if it were frozen now."""
    cycle, scope = review.cycle, subjects.of_review(review)
    return freezing.draft(kpis.get(kpi_code), scope, cycle.period, at=at, segment=narrowing.said_of(cycle))


def plans_changed(review: Review | None, *, by: User | None, at: datetime) -> None:
    """A signed review follows its plans: an effect is due, or all effects are measured."""
    if review is None:
        return
    locked = _locked(review)
    if locked.state not in (State.SIGNED, State.OBJECTED, State.UNSIGNED, State.EFFECT_DUE):
        return
    states = set(locked.plans.alive().values_list("state", flat=True))
    if "effect_due" in states and locked.state != State.EFFECT_DUE:
        locked = _move(locked, State.EFFECT_DUE, "review.effect_due", by, at)
    if states and states <= {"effect_measured", "closed"}:
        _move(locked, State.EFFECT_MEASURED, "review.effect_measured", by, at)


def tell(to: User | None, message: str, review: Review, by: User | None, at: datetime, key: str = "") -> None:
    """Once for each key; who did it is not told."""
    if to is None or to == by:
        return
    values = {"by": str(by or ""), "review": str(review)}
    url = reverse("review-detail", args=[review.pk])
    notify(to, message, values=values, url=url, key=f"review-{review.pk}-{key or review.version}", at=at)


_tell = tell


def move(review: Review, to: str, event: str, by: User | None, at: datetime, **data: Any) -> Review:
    """Enter the next state. The caller holds the lock and has checked that it is the next."""
    before, review.state = review.state, to
    _save(review, at)
    data = {"from": str(before), "to": str(to), **{name: value for name, value in data.items() if value}}
    events.record(event, review, by=by, at=at, data=data, about=[review.cycle])
    return review


_move = move


def discussed(review: Review) -> Review:
    """The review, locked; refused where the numbers are not frozen yet, or where somebody has signed."""
    locked = _locked(review)
    if locked.state == State.WAITING:
        raise ValidationError(_("The numbers are not frozen yet."))
    if locked.state not in IN_DISCUSSION:
        raise ValidationError(_("This review is signed: nothing in it changes any more."))
    return locked


def _in_discussion(review: Review) -> Review:
    locked = discussed(review)
    signed = locked.signatures.first()
    if signed is not None:
        raise ValidationError(_("%(name)s has signed: nothing in it changes any more."), params={"name": signed.name})
    return locked


def _open_dispute(found: Dispute) -> tuple[Review, Dispute]:
    locked = _in_discussion(found.review)
    current = Dispute.objects.get(pk=found.pk)
    if not current.is_open:
        raise ValidationError(_("This is settled already."))
    return locked, current


def _settle(review: Review, found: Dispute, state: str, answer: str, by: User, at: datetime) -> Dispute:
    found.settle(state, answer, by, at)
    found.full_clean()
    found.save()
    data = {"kpi": found.kpi_code, "state": str(state), "reason": answer}
    events.record("review.dispute_settled", review, by=by, at=at, data=data, about=[review.cycle])
    message = gettext_noop("%(by)s settled what was disputed: %(review)s.")
    _tell(review.owner, message, review, by, at, f"settled-{found.pk}")
    return found


def _line(review: Review, kpi_code: str) -> FrozenLine:
    line = review.lines.filter(kpi_code=kpi_code).order_by("-number").first()
    if line is None:
        raise ValidationError(_("There is no such line on the scorecard."))
    return line


def _check_side(review: Review, side: str, by: User) -> None:
    Role = ReviewComment.Role
    if side == Role.SUBJECT:
        if not review.is_subject(by):
            raise PermissionDenied(_("The self-review is written by whom it is about."))
        _check_state(review, State.SELF_REVIEW)
        return
    _only_reviewer(review, by)
    if side == Role.CALIBRATION:
        _check_state(review, State.CALIBRATION)
    elif review.state == State.SELF_REVIEW:
        raise ValidationError(_("The self-review comes first."))


def _check_state(review: Review, state: str) -> None:
    if review.state != state:
        raise ValidationError(
            _("The review is at another step: %(state)s."), params={"state": review.get_state_display()}
        )


def _only_reviewer(review: Review, by: User) -> None:
    if not review.is_reviewer(by):
        raise PermissionDenied(_("Only the reviewer can do this."))


def _locked(review: Review) -> Review:
    query = Review._base_manager.select_for_update(of=("self",))
    return query.select_related("cycle", "person", "subject_team", "owner", "reviewer").get(pk=review.pk)


def _save(review: Review, at: datetime) -> None:
    review.version, review.updated_at = review.version + 1, at
    review.full_clean()
    review.save()
