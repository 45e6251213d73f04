from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.custom_fields import known
from crm.mail import vault
from crm.models.configured_code import CodeField
from customers.models import SourceChannel
from customers.sales.models.lead_form import LeadForm, new_key

EVERY = timedelta(minutes=5)
LONGEST_PAUSE, LONGEST_WAIT = timedelta(hours=1), timedelta(days=1)
OVERLAP = timedelta(hours=1)  # read again each time: what the provider itself shows late
FRESH_START = 3  # failures in a row after which the list is read from its first page again

check_number = RegexValidator(r"^[\w.-]+\Z", _("Letters and digits only, as the provider shows it."), flags=re.ASCII)


class LeadSourceQuerySet(models.QuerySet["LeadSource"]):
    def working(self) -> Self:
        return self.filter(is_active=True, refused_at=None).exclude(locked_token="")

    def due(self, now: datetime) -> Self:
        return self.working().filter(due_at__lte=now)


class LeadSource(models.Model):
    """A form of somebody else's site, such as a lead ad, whose answers are fetched and become leads."""

    class Kind(models.TextChoices):
        FACEBOOK = "facebook", _("Facebook and Instagram")

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("For colleagues."))
    kind = models.CharField(_("provider"), max_length=12, choices=Kind.choices, default=Kind.FACEBOOK)
    account = models.CharField(_("number of the page"), max_length=60, validators=[check_number])
    remote_form = models.CharField(_("number of the form there"), max_length=60, validators=[check_number])
    locked_token = models.TextField(blank=True, default="", editable=False)
    locked_secret = models.TextField(blank=True, default="", editable=False)
    form = models.ForeignKey(
        LeadForm, models.PROTECT, related_name="+", verbose_name=_("treated as answers of"),
        help_text=_(
            "Whose the leads are, campaign, product, target and consent: as this lead form says. Its own page need"
            " not be active."
        ),
    )  # fmt: skip
    channel = CodeField(_("source channel"), max_length=12, of=SourceChannel, default=SourceChannel.CAMPAIGN)
    names_campaign = models.BooleanField(
        _("take over the name of the campaign"),
        default=False,
        help_text=_("The token then needs the permission ads_management."),
    )
    consent_key = models.CharField(
        _("tick box of the consent"), max_length=120, blank=True,
        help_text=_("Its key at the provider. Empty: nobody can send the form there without agreeing."),
    )  # fmt: skip
    read_from = models.DateTimeField(
        _("leads since"), default=timezone.now, help_text=_("The provider keeps them for 90 days.")
    )
    keep_days = models.PositiveSmallIntegerField(
        _("days to keep what came"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Afterwards only the lead is left of it."),
    )  # fmt: skip
    is_active = models.BooleanField(pgettext_lazy("lead source", "active"), default=True)
    key = models.SlugField(max_length=40, unique=True, default=new_key, editable=False)
    # How far it was read, and what was the matter with the last attempt.
    read_until = models.DateTimeField(null=True, blank=True, editable=False)
    page_after = models.TextField(blank=True, default="", editable=False)  # within a reading that is not over
    page_until = models.DateTimeField(null=True, blank=True, editable=False)
    read_at = models.DateTimeField(_("last fetched"), null=True, blank=True, editable=False)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now, editable=False)
    problem = models.TextField(_("problem"), blank=True, default="", editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    refused_at = models.DateTimeField(_("refused since"), null=True, blank=True, editable=False)

    PLACE = ("read_until", "page_after", "page_until")
    STATE = ("read_at", "due_at", "problem", "failures", "refused_at")

    objects = LeadSourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead source")
        verbose_name_plural = _("lead sources")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "remote_form"], name="lead_source_once",
                violation_error_message=_("This form is fetched already."),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="lead_source_has_a_name"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.form_id and self.form.confirms:
            raise ValidationError({"form": _("What is confirmed by mail cannot come from elsewhere.")})

    @property
    def token(self) -> str:
        """Raises vault.Locked where the installation's key is another one than when it was kept."""
        return vault.unlock(self.locked_token) if self.locked_token else ""

    @property
    def secret(self) -> str:
        """Of the app at the provider: what it tells us is signed with it."""
        return vault.unlock(self.locked_secret) if self.locked_secret else ""

    @property
    def verify_token(self) -> str:
        """What the provider says to show that it was told our address by us. Stored nowhere."""
        key = hashlib.sha256(b"sales.lead-source:" + settings.SECRET_KEY.encode()).digest()
        return hmac.new(key, self.key.encode(), "sha256").hexdigest()[:40]

    @property
    def mapping(self) -> dict[str, str]:
        """By question in small letters where its answer goes."""
        return {one.question.casefold(): one.target for one in self.fields.all()}

    @property
    def since(self) -> datetime:
        return max(self.read_until - OVERLAP, self.read_from) if self.read_until else self.read_from

    def keep_token(self, token: str, at: datetime) -> None:
        """Whatever was the matter with the last one says nothing about it."""
        self.locked_token = vault.lock(token)
        self.accept(at)

    def keep_secret(self, secret: str) -> None:
        self.locked_secret = vault.lock(secret)

    def start_anew(self) -> None:
        """Another form from now on: how far the old one was read says nothing about it."""
        self.read_until = self.page_until = None
        self.page_after = ""

    def accept(self, at: datetime) -> None:
        self.problem, self.failures, self.refused_at, self.due_at = "", 0, None, at

    def worked(self, at: datetime) -> None:
        self.accept(at if self.page_after else at + EVERY)
        self.read_at = at

    def failed(self, problem: str, at: datetime, wait: timedelta | None = None) -> None:
        """It is left alone for a while, longer each time or as long as the provider asks; it is never given up."""
        self.problem = problem[:1000]
        self.failures += 1
        pause = min(EVERY * 2 ** min(self.failures - 1, 10), LONGEST_PAUSE)
        self.due_at = at + min(max(pause, wait or pause), LONGEST_WAIT)
        if self.failures >= FRESH_START:
            self.page_after, self.page_until = "", None

    def refused(self, problem: str, at: datetime) -> None:
        """Nothing is asked there any more until somebody enters another token, or tries it out with success."""
        self.problem, self.refused_at = problem[:1000], at


OF_A_LEAD: dict[str, Any] = {
    "name": _("name"),
    "first_name": _("first name"),
    "last_name": _("last name"),
    "organisation": _("organisation"),
    "email": _("email"),
    "phone": _("phone"),
    "country": _("country"),
    "province": _("province"),
    "city": _("city"),
    "employees": _("number of employees"),
    "note": _("note"),
}
NOWHERE = "nowhere"


def targets() -> list[tuple[str, Any]]:
    """Where an answer can go: a field of the lead, the note, a custom field, or nowhere."""
    custom = [(field.name, field.title) for field in known.active("lead")]
    return [*OF_A_LEAD.items(), *custom, (NOWHERE, _("nowhere"))]


class LeadSourceField(models.Model):
    """Where the answer to one question goes. Questions nobody speaks of go where their name says, or to the note."""

    source = models.ForeignKey(LeadSource, models.CASCADE, related_name="fields")
    question = models.CharField(_("question"), max_length=300, help_text=_("As “Try it” names it."))
    target = models.CharField(_("goes to"), max_length=60)

    class Meta:
        verbose_name = _("field of a lead source")
        verbose_name_plural = _("fields of a lead source")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["source", "question"], name="lead_source_field_once")]

    def __str__(self) -> str:
        return self.question

    def clean(self) -> None:
        self.question = " ".join(self.question.split())
        if self.target and self.target not in dict(targets()):
            raise ValidationError({"target": _("There is no such field of leads.")})
