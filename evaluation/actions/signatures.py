"""The report of a review, and the two signatures under its digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.models import User
from evaluation.actions import reviews
from evaluation.actions.freezing import canonical, digest_of, plain
from evaluation.models import Dispute, Review, Signature, SignedReport
from evaluation.models.review import SIGN_WITHIN_DAYS


def report_of(review: Review) -> str:
    """Everything the two sign, as canonical JSON: the lines in all versions, the comments, what was disputed."""
    lines = list(review.lines.order_by("sequence").select_related("by"))
    said = {
        "review": review.pk,
        "cycle": {
            "id": review.cycle_id,
            "name": review.cycle.name,
            "period": review.cycle.period.label,
            "first": review.cycle.period_start,
            "last": review.cycle.period_end,
            "frozen_at": review.cycle.frozen_at,
            **_segment(lines),
        },
        "subject": {"kind": review.subject.kind, "id": review.subject.pk, "name": str(review.subject)},
        "signers": {"subject": _person(review.owner), "reviewer": _person(review.reviewer)},
        "meeting_on": review.meeting_on,
        "lines": [
            {
                "position": line.position, "number": line.number, "reason": line.reason, "by": _person(line.by),
                "at": line.at, "digest": line.digest, "content": line.said,
            }
            for line in lines
        ],
        "comments": [
            {"kpi": one.kpi_code, "role": one.role, "text": one.text, "by": _person(one.by), "at": one.at}
            for one in review.comments.order_by("kpi_code", "role").select_related("by")
        ],
        "disputes": [_dispute(one) for one in review.disputes.order_by("pk").select_related("by", "settled_by")],
        "chain": lines[-1].digest if lines else "",
    }  # fmt: skip
    return canonical(plain(said))


@transaction.atomic
def sign(review: Review, *, digest: str, by: User, at: datetime, objection: str = "") -> Signature:
    """Sign what was read: `digest` is that of the report on the signer's page. The second signature closes it."""
    locked = reviews.discussed(review)
    role = _role(locked, by)
    if locked.state != Review.State.MEETING:
        raise ValidationError(_("It is signed after the meeting; before that come the comments of both."))
    if locked.meeting_on is None:
        raise ValidationError(_("Set the day of the meeting first."))
    if not locked.has_met(timezone.localtime(at).date()):
        raise ValidationError(
            _("The meeting has not been yet. It is signed afterwards; was it earlier, change its day.")
        )
    if locked.disputes.filter(state=Dispute.State.OPEN).exists():
        raise ValidationError(_("A line is still disputed. Settle that first."))
    if locked.signatures.filter(role=role).exists():
        raise ValidationError(_("You have signed already."))
    if objection.strip() and role != Signature.Role.SUBJECT:
        raise ValidationError(_("The objection is for whom the review is about."))
    report = _report(locked, digest, at)
    signature = Signature(
        review=locked, role=role, by=by, name=by.name, digest=report.digest, objection=objection.strip(), at=at
    )
    signature.full_clean()
    signature.save()
    data = {"role": str(role), "digest": report.digest, "objection": signature.objection}
    events.record("review.signed", locked, by=by, at=at, data=data, about=[locked.cycle])
    other = locked.reviewer if role == Signature.Role.SUBJECT else locked.owner
    reviews.tell(other, gettext_noop("%(by)s signed: %(review)s."), locked, by, at, f"signed-{role}")
    _close_when_both(locked, by, at)
    return signature


@transaction.atomic
def close_unsigned(review: Review, *, reason: str, by: User, at: datetime) -> Review:
    """Whom it is about never signed: some time after the meeting the reviewer closes it, and it says so for ever.

    What the reviewer signed stands; the absence is no consent, and nobody signs for somebody else.
    """
    locked = reviews.discussed(review)
    if not locked.is_reviewer(by):
        raise PermissionDenied(_("Only the reviewer can do this."))
    if not locked.closable_unsigned(at):
        message = _("It can be closed without the signature %(days)d days after the meeting and yours.")
        raise ValidationError(message, params={"days": SIGN_WITHIN_DAYS})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it is closed without the signature.")})
    data = {"unsigned": locked.owner.name if locked.owner else "", "days": SIGN_WITHIN_DAYS, "reason": reason.strip()}
    closed = reviews.move(locked, Review.State.UNSIGNED, "review.closed_unsigned", by, at, **data)
    said = gettext_noop("%(by)s closed the review without your signature: %(review)s.")
    reviews.tell(closed.owner, said, closed, by, at, "closed-unsigned")
    reviews.plans_changed(closed, by=by, at=at)
    return closed


def _close_when_both(review: Review, by: User, at: datetime) -> None:
    signed = list(review.signatures.all())
    if len(signed) < len(Signature.Role.choices):
        return
    objected = any(one.objection for one in signed)
    to = Review.State.OBJECTED if objected else Review.State.SIGNED
    closed = reviews.move(review, to, "review.closed", by, at)
    reviews.plans_changed(closed, by=by, at=at)


def _report(review: Review, digest: str, at: datetime) -> SignedReport:
    """The first signature fixes the report; the second is under the same."""
    known = SignedReport.objects.filter(review=review).first()
    content = known.content if known else report_of(review)
    if digest != digest_of(content):
        raise ValidationError(_("It changed while you were reading. Read it again before you sign."))
    return known or SignedReport.objects.create(review=review, content=content, digest=digest, at=at)


def _role(review: Review, by: User) -> Any:
    if review.is_subject(by):
        return Signature.Role.SUBJECT
    if review.is_reviewer(by):
        return Signature.Role.REVIEWER
    raise PermissionDenied(_("It is signed by whom it is about and by the reviewer."))


def _segment(lines: list[Any]) -> dict[str, Any]:
    """Whose records alone count, as the lines say it: nothing where all do."""
    said = lines[0].said.get("segment") if lines else None
    return {"segment": said} if said else {}


def _person(user: Any) -> dict[str, Any] | None:
    return {"id": user.pk, "name": user.name} if user else None


def _dispute(found: Dispute) -> dict[str, Any]:
    return {
        "kpi": found.kpi_code, "claim": found.claim, "evidence": found.evidence, "by": _person(found.by),
        "at": found.at, "state": found.state, "answer": found.answer, "settled_by": _person(found.settled_by),
        "settled_at": found.settled_at,
    }  # fmt: skip
