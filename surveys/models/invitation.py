from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.record import RecordQuerySet
from customers.models import Contact, Customer
from service.models import Ticket
from surveys.models.survey import Survey


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(RecordQuerySet):
    def sent(self) -> Self:
        return self.filter(sent_at__isnull=False)

    def with_token(self, token: str) -> Self:
        """The invitation a link belongs to: looked up by hash, so nothing can be read off the time it takes."""
        return self.filter(token_hash=hash_of(token))

    def asked_since(self, contact: Contact, since: datetime) -> Self:
        """Invitations of any survey that the contact got, or is about to get, since then."""
        unsent = (Invitation.State.SUPPRESSED, Invitation.State.FAILED)
        return self.filter(contact=contact, invited_at__gt=since).exclude(state__in=unsent)


class Invitation(Record):
    """Who was asked what, when and through which channel. `owner` and `team` are credited with the answer."""

    kind: ClassVar[str] = "invitation"
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    class State(models.TextChoices):
        QUEUED = "queued", _("about to be sent")
        SENT = "sent", _("sent")
        ANSWERED = "answered", _("answered")
        FAILED = "failed", _("could not be delivered")
        SUPPRESSED = "suppressed", _("not sent")

    class Reason(models.TextChoices):
        NO_EMAIL = "no_email", _("no email address")
        DO_NOT_CONTACT = "do_not_contact", _("does not want to be contacted")
        THROTTLED = "throttled", _("was asked in the last 30 days")
        CUSTOMER = "customer", _("nobody at the customer is to be contacted")
        OPTED_OUT = "opted_out", _("the address has opted out")
        WITHDRAWN = "withdrawn", _("has withdrawn the consent")
        NO_CONSENT = "no_consent", _("has not given consent")
        INVALID = "invalid", _("the address is invalid")
        GONE = "gone", _("the contact was deleted")
        REFUSED = "refused", _("the mail server refused the address")

    class Channel(models.TextChoices):
        MAIL = "mail", _("mail")
        LINK = "link", _("link")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="invitations", verbose_name=_("survey"))
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="invitations", verbose_name=_("contact"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ticket")
    )
    channel = models.CharField(_("channel"), max_length=4, choices=Channel.choices, default=Channel.MAIL)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    reason = models.CharField(_("why not sent"), max_length=60, choices=Reason.choices, blank=True)
    # The token of the link is derived from the nonce and the installation's secret key, and only its hash is kept:
    # whoever reads the database cannot answer for the customer, and a mail that is sent again carries the same link.
    nonce = models.CharField(max_length=64, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    invited_at = models.DateTimeField(_("invited"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at", "-id"]
        constraints = [
            # The same resolution of a ticket is asked about once, however often its event is delivered.
            models.UniqueConstraint(
                fields=["survey", "ticket"], condition=Q(ticket__isnull=False), name="invitation_once_per_ticket"
            ),
            models.CheckConstraint(
                condition=Q(state="answered", answered_at__isnull=False) | (~Q(state="answered") & Q(answered_at=None)),
                name="invitation_answered_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["contact", "-invited_at"], name="invitation_throttle"),
            models.Index(fields=["-invited_at", "-id"], name="invitation_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["survey", "sent_at"], name="invitation_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.survey} → {self.contact}"

    @property
    def token(self) -> str:
        """256 bits, the same each time it is asked for; only its hash is stored."""
        value = f"{self.pk}:{self.nonce}"
        digest = salted_hmac("surveys.invitation", value, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    def is_open(self, now: datetime) -> bool:
        """Whether its link may still be used."""
        return (
            self.sent_at is not None and self.deleted_at is None and (self.expires_at is None or now < self.expires_at)
        )
