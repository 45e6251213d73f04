from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import Contact, Customer
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency
from customers.sales.models.opportunity import Opportunity
from customers.sales.models.order import Order


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class QuoteQuerySet(RecordQuerySet):
    def sent(self) -> Self:
        """With the customer, who may still answer."""
        return self.filter(state=Quote.State.SENT)

    def not_answered(self) -> Self:
        """Still being worked on: by us, or by the customer."""
        return self.filter(state__in=[Quote.State.DRAFT, Quote.State.SENT])

    def run_out(self, today: date) -> Self:
        return self.sent().filter(valid_until__lt=today)

    def with_token(self, token: str) -> Self:
        """The quote a link belongs to: looked up by hash, so nothing can be read off the time it takes."""
        return self.filter(token_hash=hash_of(token))


class Quote(Record):
    """What a customer is offered, at which price and until when. Once sent it changes no more: a new version does."""

    kind: ClassVar[str] = "quote"
    follows: ClassVar[tuple[str, ...]] = ("customer",)
    follows_beside: ClassVar[tuple[str, ...]] = ("customer",)

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("quote", "draft")
        SENT = "sent", pgettext_lazy("quote", "sent")
        ACCEPTED = "accepted", pgettext_lazy("quote", "accepted")
        DECLINED = "declined", pgettext_lazy("quote", "declined")
        EXPIRED = "expired", pgettext_lazy("quote", "expired")
        REPLACED = "replaced", pgettext_lazy("quote", "replaced")

    ANSWERS = (State.ACCEPTED, State.DECLINED)

    number = models.CharField(_("number"), max_length=40, editable=False)
    revision = models.PositiveSmallIntegerField(pgettext_lazy("quote", "version"), default=1, editable=False)
    title = models.CharField(_("what it is about"), max_length=200, blank=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="quotes", verbose_name=_("customer"))
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    opportunity = models.ForeignKey(
        Opportunity, models.SET_NULL, null=True, blank=True, related_name="quotes", verbose_name=_("opportunity")
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    valid_until = models.DateField(_("valid until"))
    notes = models.TextField(_("text above the lines"), blank=True)
    terms = models.TextField(_("terms"), blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT, editable=False)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, blank=True, editable=False)
    # What the lines come to: written with them, by actions/quotes.py.
    net = models.DecimalField(_("net amount"), max_digits=18, decimal_places=2, default=0, editable=False)
    tax = models.DecimalField(_("tax"), max_digits=18, decimal_places=2, default=0, editable=False)
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2, default=0, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True, editable=False)
    answered_by = models.CharField(_("answered by"), max_length=120, blank=True, editable=False)
    decline_reason = models.TextField(_("why it was declined"), blank=True, editable=False)
    # As with invitations to surveys: the token of the link is derived from the nonce and the installation's secret
    # key, and only its hash is kept. Whoever reads the database cannot answer for the customer.
    nonce = models.CharField(max_length=64, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="versions",
        verbose_name=_("replaces"),
    )  # fmt: skip
    order = models.OneToOneField(
        Order, models.SET_NULL, null=True, blank=True, editable=False, related_name="quote", verbose_name=_("order")
    )

    objects: ClassVar[Any] = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["number", "revision"], name="quote_version_once"),
            models.UniqueConstraint(
                fields=["replaces"], condition=Q(deleted_at=None, replaces__isnull=False), name="quote_replaced_once"
            ),
            models.CheckConstraint(condition=is_a_currency(), name="quote_currency_is_a_code"),
            models.CheckConstraint(condition=Q(total=F("net") + F("tax")), name="quote_total_is_net_and_tax"),
            models.CheckConstraint(
                condition=Q(state="draft", sent_at=None, token_hash=None)
                | (~Q(state="draft") & Q(sent_at__isnull=False, token_hash__isnull=False)),
                name="quote_sent_has_a_time_and_a_link",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "declined"], answered_at__isnull=False) & ~Q(answered_by="")
                | Q(state__in=["draft", "sent", "expired"], answered_at=None, answered_by="")
                | Q(state="replaced"),
                name="quote_answered_has_a_name_and_a_time",
            ),
            models.CheckConstraint(condition=Q(order=None) | Q(state="accepted"), name="quote_ordered_when_accepted"),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="quote_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="quote_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="quote_team", condition=Q(deleted_at=None)),
            models.Index(fields=["customer", "-created_at"], name="quote_customer"),
            models.Index(fields=["valid_until"], name="quote_due", condition=Q(state="sent", deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.number if self.revision == 1 else f"{self.number}-{self.revision}"

    def clean(self) -> None:
        self.title = " ".join(self.title.split())
        self.currency = check_currency(self.currency)
        opportunity = self.opportunity
        if opportunity and opportunity.customer_id and opportunity.customer_id != self.customer_id:
            raise ValidationError({"opportunity": _("This opportunity belongs to another customer.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    @property
    def label(self) -> str:
        """Its number, for columns and headings."""
        return str(self)

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_accepted(self) -> bool:
        return self.state == self.State.ACCEPTED

    @property
    def is_answered(self) -> bool:
        return self.state in self.ANSWERS

    @property
    def can_be_replaced(self) -> bool:
        """What was accepted is agreed; everything else that was sent may be offered anew."""
        return self.state in (self.State.SENT, self.State.DECLINED, self.State.EXPIRED)

    def state_on(self, day: date) -> str:
        """What it is on a day, whether or not the nightly job has come by yet."""
        if self.state == self.State.SENT and self.valid_until < day:
            return self.State.EXPIRED
        return str(self.state)

    @property
    def token(self) -> str:
        """256 bits, the same each time it is asked for; only its hash is stored."""
        value = f"{self.pk}:{self.nonce}"
        digest = salted_hmac("sales.quote", value, algorithm="sha256").digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def link(self) -> str:
        """Where the customer reads and answers it: for whoever may edit the quote, nobody else."""
        return settings.PUBLIC_URL.rstrip("/") + reverse("quote-answer", args=[self.token])

    def search_words(self) -> Words:
        texts = [self.title, self.customer.name]
        return Words(title=str(self), subtitle=self.title or self.customer.name, texts=texts)
