from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule
from crm.joining import labelled
from crm.models import Record, Team, User
from crm.models.record import RecordQuerySet
from evaluation.models import closed
from evaluation.models.cycle import Cycle

SIGN_WITHIN_DAYS = 14


class ReviewQuerySet(RecordQuerySet):
    def permitted(self, user: Any, verb: Verb) -> Self:
        """None that tells of amounts, where the person's role does not."""
        codes, found = closed.codes_closed_to(user), super().permitted(user, verb)
        return found.exclude(cycle__kpi_codes__overlap=codes) if codes else found

    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Whoever holds the review sees it and works on it, wherever the subject's team stands."""
        if verb not in (Verb.VIEW, Verb.EDIT):
            return []
        return [Rule("reviewer", _("the person is the reviewer"), Q(reviewer=access.user.pk))]

    def waiting_for(self, user: Any, on: date) -> Self:
        """Where this person is the next to do something on that day: before the meeting nobody signs."""
        State = Review.State
        mine = Q(owner=user, state=State.SELF_REVIEW)
        held = Q(reviewer=user, state__in=[State.MANAGER_REVIEW, State.CALIBRATION])
        unsigned = Q(owner=user) & ~Q(signatures__role="subject") | Q(reviewer=user) & ~Q(signatures__role="reviewer")
        to_meet = Q(state=State.MEETING, meeting_on=None, reviewer=user)
        to_sign = Q(state=State.MEETING, meeting_on__lte=on) & unsigned
        return self.alive().filter(mine | held | to_meet | to_sign).distinct()


class Review(Record):
    """The discussion of one scorecard. `owner` is whom it is about: the person, or who manages the team."""

    kind: ClassVar[str] = "review"

    class State(models.TextChoices):
        WAITING = "waiting", _("before the freeze")
        SELF_REVIEW = "self_review", _("self-review")
        MANAGER_REVIEW = "manager_review", _("manager review")
        CALIBRATION = "calibration", _("calibration")
        MEETING = "meeting", pgettext_lazy("review", "meeting")
        SIGNED = "signed", _("signed")
        OBJECTED = "objected", _("signed with objection")
        UNSIGNED = "unsigned", _("closed without a signature")
        EFFECT_DUE = "effect_due", _("effect due")
        EFFECT_MEASURED = "effect_measured", _("effect measured")
        ARCHIVED = "archived", _("archived")

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="reviews", verbose_name=_("cycle"))
    # What the numbers are about: a person, or else a team with those below it. `team` says where it belongs.
    person = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="reviews", verbose_name=_("person")
    )
    subject_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="reviews", verbose_name=_("team")
    )
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="held_reviews", verbose_name=_("reviewer"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    meeting_on = models.DateField(pgettext_lazy("review", "meeting"), null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["cycle", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, subject_team=None) | Q(person=None, subject_team__isnull=False),
                name="review_has_one_subject",
            ),
            models.CheckConstraint(
                condition=~Q(owner=models.F("reviewer")),
                name="review_of_oneself",
                violation_error_message=_("Nobody reviews themselves."),
            ),
            models.UniqueConstraint(
                fields=["cycle", "person"], condition=Q(deleted_at=None), name="review_of_person_once"
            ),
            models.UniqueConstraint(
                fields=["cycle", "subject_team"], condition=Q(deleted_at=None), name="review_of_team_once"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "state"], name="review_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["reviewer", "state"], name="review_reviewer", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="review_team", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return labelled(self.subject, self.cycle)

    @property
    def subject(self) -> User | Team:
        subject: Any = self.person or self.subject_team
        return subject

    @property
    def is_signed(self) -> bool:
        return self.state not in BEFORE_SIGNATURE

    def has_met(self, on: date) -> bool:
        """Whether the day of the meeting has come: what was agreed there is what is signed."""
        return self.state == self.State.MEETING and self.meeting_on is not None and self.meeting_on <= on

    def closable_unsigned(self, now: datetime) -> bool:
        """Whether so many days have passed since the meeting and the reviewer's signature that it may be closed
        although whom it is about has not signed."""
        if self.state != self.State.MEETING or self.meeting_on is None:
            return False
        roles = dict(self.signatures.values_list("role", "at"))
        signed = roles.get("reviewer")
        if signed is None or "subject" in roles:
            return False
        since = max(timezone.localtime(signed).date(), self.meeting_on)
        return timezone.localtime(now).date() > since + timedelta(days=SIGN_WITHIN_DAYS)

    def is_subject(self, user: Any) -> bool:
        return self.owner_id == user.pk

    def is_reviewer(self, user: Any) -> bool:
        return self.reviewer_id == user.pk


BEFORE_SIGNATURE = frozenset(
    {
        Review.State.WAITING,
        Review.State.SELF_REVIEW,
        Review.State.MANAGER_REVIEW,
        Review.State.CALIBRATION,
        Review.State.MEETING,
    }
)
IN_DISCUSSION = BEFORE_SIGNATURE - {Review.State.WAITING}


class ReviewComment(models.Model):
    """What one side says of a line, or of the whole where `kpi_code` is empty."""

    class Role(models.TextChoices):
        SUBJECT = "subject", _("self-review")
        REVIEWER = "reviewer", _("manager")
        CALIBRATION = "calibration", _("calibration")

    review = models.ForeignKey(Review, models.PROTECT, related_name="comments")
    kpi_code = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=11, choices=Role.choices)
    text = models.TextField(_("comment"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("comment on a review")
        verbose_name_plural = _("comments on reviews")
        ordering = ["review", "kpi_code", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "kpi_code", "role"], name="review_comment_once_a_side"),
            models.CheckConstraint(condition=~Q(text=""), name="review_comment_says_something"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Dispute(models.Model):
    """That the subject holds a line to be wrong, and what became of it. It is settled before anybody signs."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    review = models.ForeignKey(Review, models.PROTECT, related_name="disputes")
    kpi_code = models.CharField(_("KPI"), max_length=40)
    claim = models.TextField(_("wrong because"))
    evidence = models.TextField(_("evidence"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("reason"), blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["review", "at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "kpi_code"],
                condition=Q(state="open"),
                name="dispute_open_once_a_line",
                violation_error_message=_("This line is disputed already."),
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None, settled_by=None)
                | (~Q(state="open") & Q(settled_at__isnull=False, settled_by__isnull=False)),
                name="dispute_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined"]) | ~Q(answer=""), name="dispute_settled_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.claim[:80]

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    def settle(self, state: str, answer: str, by: Any, at: datetime) -> None:
        self.state, self.answer, self.settled_by, self.settled_at = state, answer, by, at
