from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.access import kinds
from crm.access.grants import Access
from crm.access.permissions import Reach, Verb
from crm.access.querysets import Rule, ScopedQuerySet
from crm.mail import naming
from customers.models import before_customers, tidy
from customers.models.about import AboutARecord
from customers.models.activity import Activity
from customers.models.contact import Contact
from customers.models.customer import Customer

ATTEMPTS = 8


class EmailQuerySet(ScopedQuerySet):
    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """A letter is its owner's alone, however far a role reaches; whoever sees its activity sees what was shared.

        A letter to a lead has no activity: what was shared of it is seen by whoever sees the lead.
        """
        if access.reach(Email.kind, verb) == Reach.NONE:
            return []
        own = Rule("own", _("it is the person's own"), Q(owner=access.user.pk))
        return [own, *self.extra_rules(access, verb)]

    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        rules = super().extra_rules(access, verb)
        if verb not in (Verb.VIEW, Verb.EXPORT):
            return rules
        shared = Q(customer=None, is_shared=True, state__in=Email.GONE_OR_COME)
        about = shared & before_customers.rows_seen(access)
        return [*rules, Rule("follows-about", _("the record it is about can be seen"), about)]

    def private_to(self, user: Any) -> Self:
        """What only this person's timeline shows: shared letters are activities there."""
        return self.filter(owner=user, activity=None)

    def without_activity(self) -> Self:
        return self.filter(activity=None)

    def of_customer(self, customer: Any) -> Self:
        return self.filter(customer=customer)

    def with_contact(self, contact: Any) -> Self:
        return self.filter(contact=contact)

    def about(self, record: Any) -> Self:
        return self.filter(about_kind=record.kind, about_id=record.pk)

    def due(self, now: datetime) -> Self:
        return self.filter(state=Email.State.WAITING, due_at__lte=now)


class Email(AboutARecord, models.Model):
    """A letter to or from a customer. Private to its owner; sharing it makes an activity that others see."""

    kind: ClassVar[str] = "email"
    team_field: ClassVar[None] = None
    follows: ClassVar[tuple[str, ...]] = ("activity",)

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", _("from us")
        INBOUND = "inbound", _("from the customer")

    class State(models.TextChoices):
        WAITING = "waiting", _("on its way")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not sent")
        BOUNCED = "bounced", _("came back")
        RECEIVED = "received", _("received")

    GONE_OR_COME: ClassVar[tuple[str, ...]] = (State.SENT, State.BOUNCED, State.RECEIVED)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    account = models.ForeignKey(
        "crm.MailAccount", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("mail account")
    )
    customer = models.ForeignKey(  # none as long as what it is about has become none
        Customer, models.PROTECT, null=True, blank=True, related_name="emails", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="emails", verbose_name=_("contact")
    )
    answers = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="answered_by", verbose_name=_("answers")
    )
    activity = models.OneToOneField(
        Activity, models.SET_NULL, null=True, blank=True, editable=False, related_name="email"
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    sender = models.CharField(_("from"), max_length=380, blank=True)
    to = ArrayField(models.EmailField(), verbose_name=_("to"))
    cc = ArrayField(models.EmailField(), verbose_name=_("cc"), default=list, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    attachments = ArrayField(models.CharField(max_length=200), default=list, blank=True)  # their names; no files
    at = models.DateTimeField(_("when"))
    is_shared = models.BooleanField(_("shared"), default=False)
    is_automatic = models.BooleanField(_("automatic answer"), default=False)
    nonce = models.CharField(max_length=20, unique=True, default=naming.fresh_nonce, editable=False)
    message_id = models.CharField(max_length=255, blank=True, editable=False)
    references = models.TextField(blank=True, editable=False)
    # The outbox of what goes out.
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(_("next attempt"), null=True, blank=True, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    submission = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = EmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("email")
        verbose_name_plural = _("emails")
        ordering = ["-at", "-id"]
        constraints = [
            *AboutARecord.Meta.constraints,
            models.UniqueConstraint(
                fields=["owner", "message_id"], condition=~Q(message_id=""), name="email_once_for_each_owner"
            ),
            models.CheckConstraint(
                condition=Q(direction="inbound", state="received") | Q(direction="outbound"),
                name="email_received_comes_in",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False) | (~Q(state="waiting") & Q(due_at=None)),
                name="email_waiting_is_due",
            ),
            models.CheckConstraint(
                condition=Q(activity=None) | Q(is_shared=True), name="email_has_an_activity_only_if_shared"
            ),
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | (~Q(about_kind="") & Q(activity=None)),
                name="email_of_a_customer_or_about_a_record",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="email_due", condition=Q(state="waiting")),
            models.Index(fields=["customer", "owner", "-at", "-id"], name="email_private", condition=Q(activity=None)),
            models.Index(
                fields=["about_kind", "about_id", "-at", "-id"], name="email_about", condition=~Q(about_kind="")
            ),
        ]

    def __str__(self) -> str:
        """Never its subject: this is written into the log, where others read."""
        return _now("Email %(number)d") % {"number": self.pk or 0}

    def clean(self) -> None:
        self.subject = tidy.one_line(self.subject)[:200]

    def get_absolute_url(self) -> str:
        return kinds.of(self).url_for(self.pk) or ""

    @property
    def answered_to(self) -> list[str]:
        """Where a letter goes that follows this one: to who wrote it, or to whom we wrote."""
        return list(self.to) if self.is_outbound else [self.sender.rpartition("<")[2].rstrip(">")]

    @property
    def is_outbound(self) -> bool:
        return self.direction == self.Direction.OUTBOUND

    @property
    def went_out_or_came_in(self) -> bool:
        return self.state in self.GONE_OR_COME

    @property
    def is_told(self) -> bool:
        """Whether others see it: on the customer's timeline, else on that of the lead it is about."""
        return self.activity_id is not None or (
            self.customer_id is None and self.is_shared and self.went_out_or_came_in
        )

    def claim(self, now: datetime, lease: timedelta) -> None:
        """It is being sent: nobody else tries until the lease is over, and then it is tried again."""
        self.attempts += 1
        self.due_at = now + lease

    def sent(self, at: datetime) -> None:
        self.state, self.at, self.due_at, self.problem = self.State.SENT, at, None, ""

    def failed(self, problem: str, at: datetime, *, for_good: bool) -> None:
        """Tried again after 1, 4, 16 minutes …, two days in all, unless that would change nothing."""
        self.problem = problem[:1000]
        if for_good or self.attempts >= ATTEMPTS:
            self.state, self.due_at = self.State.FAILED, None
        else:
            self.due_at = at + min(timedelta(minutes=4 ** (self.attempts - 1)), timedelta(hours=12))

    def try_again(self, at: datetime) -> bool:
        if self.state != self.State.FAILED:
            return False
        self.state, self.due_at, self.attempts = self.State.WAITING, at, 0
        return True

    def bounced(self, reason: str) -> bool:
        if self.state != self.State.SENT:
            return False
        self.state, self.problem = self.State.BOUNCED, reason[:1000]
        return True
