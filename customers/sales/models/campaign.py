from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import Record
from crm.models.configured_code import CodeField
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import SourceChannel, tidy
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency


class CampaignQuerySet(RecordQuerySet):
    def called(self, text: str) -> Self:
        """The one that has, or once had, this name or code: what a lead or a customer says it came from."""
        names = CampaignName.objects.annotate(key=Lower("name")).filter(key=Lower(models.Value(tidy.one_line(text))))
        return self.filter(pk__in=names.values("campaign"))


class Campaign(Record):
    """Something done to be heard of, through one channel and for a time. What it cost is in the cost ledger."""

    kind: ClassVar[str] = "campaign"

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("campaign", "planned")
        RUNNING = "running", pgettext_lazy("campaign", "running")
        ENDED = "ended", pgettext_lazy("campaign", "ended")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "called off")

    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(
        _("code"), max_length=60, blank=True, help_text=_("As in the links of web forms and advertisements.")
    )
    channel = CodeField(_("channel"), max_length=12, of=SourceChannel)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED)
    starts = models.DateField(_("first day"), null=True, blank=True)
    ends = models.DateField(_("last day"), null=True, blank=True)
    budget = models.DecimalField(_("budget"), max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # the organisation's own when left empty
    notes = models.TextField(_("notes"), blank=True)

    objects: ClassVar[Any] = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="campaign_has_a_name"),
            models.CheckConstraint(
                condition=Q(ends=None) | Q(starts=None) | Q(ends__gte=F("starts")),
                name="campaign_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=Q(budget=None) | Q(budget__gte=0), name="campaign_budget_not_negative"),
            models.CheckConstraint(condition=is_a_currency(), name="campaign_currency_is_a_code"),
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="campaign_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-updated_at", "-id"], name="campaign_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-updated_at", "-id"], name="campaign_team", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name, self.code = tidy.one_line(self.name), tidy.one_line(self.code)
        self.currency = check_currency(self.currency)
        if self.starts and self.ends and self.ends < self.starts:
            raise ValidationError({"ends": _("It ends before it begins.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    def search_words(self) -> Words:
        return Words(title=self.name, subtitle=self.get_channel_display(), texts=[self.code])


class CampaignName(models.Model):
    """A name or code a campaign has or had. It stays its own for ever, so that what names it keeps leading to it."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="names")
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="campaign_name_leads_to_one")]

    def __str__(self) -> str:
        return self.name
