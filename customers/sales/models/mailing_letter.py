from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.mail import naming
from customers.models.writing import Refusal
from customers.sales.models.campaign_member import CampaignMember
from customers.sales.models.mailing import Mailing

ATTEMPTS = 5
LEASE = timedelta(minutes=10)  # far more than a mail server is waited for


class LetterState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("letter", "waiting")
    SENDING = "sending", pgettext_lazy("letter", "leaving")
    SENT = "sent", pgettext_lazy("letter", "sent")
    BOUNCED = "bounced", pgettext_lazy("letter", "came back")
    FAILED = "failed", pgettext_lazy("letter", "not sent")
    EXCLUDED = "excluded", pgettext_lazy("letter", "left out")


class Why(models.TextChoices):
    """Why a member gets no letter: what bars anybody from being written to, and what only a mailing asks."""

    GONE = Refusal.GONE.value, Refusal.GONE.label
    NO_EMAIL = Refusal.NO_EMAIL.value, Refusal.NO_EMAIL.label
    INVALID = Refusal.INVALID.value, _("mail to the address came back")
    DO_NOT_CONTACT = Refusal.DO_NOT_CONTACT.value, Refusal.DO_NOT_CONTACT.label
    CUSTOMER = Refusal.CUSTOMER.value, Refusal.CUSTOMER.label
    OPTED_OUT = Refusal.OPTED_OUT.value, Refusal.OPTED_OUT.label
    WITHDRAWN = Refusal.WITHDRAWN.value, Refusal.WITHDRAWN.label
    NO_CONSENT = Refusal.NO_CONSENT.value, Refusal.NO_CONSENT.label
    DISCARDED = "discarded", _("the lead was discarded")
    TWICE = "twice", _("the same address is among them already")
    RECENT = "recent", _("had another mailing a few days ago")
    MISSING = "missing", _("something the letter names is not known")
    HIDDEN = "hidden", _("no longer seen by whoever prepared it")
    CHANGED = "changed", _("has another address by now")


# What is counted on the page of a mailing, and shown one by one behind each number.
FIGURES: dict[str, Q] = {
    "planned": ~Q(state="excluded") | Q(left_out_late=True),
    "waiting": Q(state__in=("waiting", "sending")),
    "sent": Q(sent_at__isnull=False),
    "gone": Q(state__in=("sent", "bounced", "failed")) | Q(state="excluded", left_out_late=True),
    "bounced": Q(state="bounced"),
    "unsubscribed": Q(unsubscribed_at__isnull=False),
    "answered": Q(answered_at__isnull=False),
    "failed": Q(state="failed"),
    "late": Q(state="excluded", left_out_late=True),
    "excluded": Q(state="excluded", left_out_late=False),
}


class MailingLetterQuerySet(models.QuerySet["MailingLetter"]):
    def visible_to(self, user: Any) -> Self:
        """To members the person may see, of mailings they may see."""
        members = CampaignMember.objects.visible_to(user).filter(pk=OuterRef("member"))
        mailings = Mailing.objects.visible_to(user).filter(pk=OuterRef("mailing"))
        return self.filter(Exists(members), Exists(mailings))

    def due(self, now: datetime) -> Self:
        running = Q(mailing__state="running", mailing__starts_at__lte=now, mailing__deleted_at=None)
        return self.filter(running, state=LetterState.WAITING, due_at__lte=now)

    def with_token(self, token: str) -> Self:
        return self.filter(token_hash=hash_of(token))

    def figures(self) -> dict[str, int]:
        return self.aggregate(**{name: Count("pk", filter=which) for name, which in FIGURES.items()})

    def figures_by_mailing(self) -> dict[int, dict[str, int]]:
        counts = {f"n_{name}": Count("pk", filter=which) for name, which in FIGURES.items()}
        rows: Any = self.order_by().values("mailing_id").annotate(**counts)
        return {row["mailing_id"]: {name: row[f"n_{name}"] for name in FIGURES} for row in rows}


class MailingLetter(models.Model):
    """What one member of the campaign gets, word for word, or why nothing. Claimed before it leaves, and only once."""

    follows: ClassVar[tuple[str, ...]] = ()

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="letters")
    member = models.ForeignKey(CampaignMember, models.CASCADE, related_name="letters")
    address = models.EmailField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=400, blank=True)
    text = models.TextField(_("text"), blank=True)
    state = models.CharField(_("state"), max_length=8, choices=LetterState.choices, default=LetterState.WAITING)
    why = models.CharField(_("why not"), max_length=14, choices=Why.choices, blank=True)
    left_out_late = models.BooleanField(default=False)  # after it was looked at
    problem = models.TextField(_("problem"), blank=True)
    nonce = models.CharField(max_length=20, unique=True, default=naming.fresh_nonce)
    token_hash = models.CharField(max_length=64, unique=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    dated_at = models.DateTimeField(null=True)  # the date it bears, however often it is tried
    sent_at = models.DateTimeField(_("sent"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True)

    objects: ClassVar[Any] = MailingLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter of a mailing")
        verbose_name_plural = _("letters of mailings")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["mailing", "member"], name="mailing_letter_once_to_a_member"),
            models.UniqueConstraint(
                fields=["mailing", "address"], condition=~Q(state="excluded") & ~Q(address=""),
                name="mailing_letter_once_to_an_address",
            ),
            models.CheckConstraint(
                condition=Q(state="excluded") ^ Q(why=""), name="mailing_letter_left_out_for_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "bounced"], sent_at__isnull=False)
                | (~Q(state__in=["sent", "bounced"]) & Q(sent_at=None)),
                name="mailing_letter_sent_has_a_time",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["due_at", "id"], name="mailing_letter_due", condition=Q(state="waiting")),
            models.Index(fields=["claimed_at"], name="mailing_letter_claimed", condition=Q(claimed_at__isnull=False)),
            models.Index(
                fields=["address", "sent_at"], name="mailing_letter_address", condition=Q(sent_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}/{self.pk}"

    @property
    def problem_in_words(self) -> str:
        """Ours is translated when it is read; what a server said stays as it said it."""
        return _now(self.problem) if self.problem else ""

    @property
    def token(self) -> str:
        """256 bits, the same each time it is asked for; only its hash is kept."""
        digest = salted_hmac("sales.mailing-letter", self.nonce, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def keep_hash(self) -> None:
        self.token_hash = hash_of(self.token)

    def leave_out(self, why: str, *, late: bool = False, problem: str = "") -> None:
        self.state, self.why, self.left_out_late, self.problem = LetterState.EXCLUDED, why, late, problem
        self.due_at = None

    def claim(self, now: datetime) -> None:
        """It is being sent, by whoever claimed it and nobody after: whose worker dies does not leave twice."""
        self.state, self.claimed_at, self.due_at = LetterState.SENDING, now, None
        self.dated_at = self.dated_at or now
        self.attempts += 1

    def sent(self, at: datetime) -> None:
        self.state, self.sent_at, self.problem = LetterState.SENT, at, ""

    def failed(self, problem: str, now: datetime, *, for_good: bool) -> None:
        """The server said that it did not take it: tried again after 1, 4, 16, 64 minutes, unless that is for good."""
        self.problem = problem[:1000]
        if for_good or self.attempts >= ATTEMPTS:
            self.state = LetterState.FAILED
        else:
            self.state, self.due_at = LetterState.WAITING, now + timedelta(minutes=4 ** (self.attempts - 1))


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
