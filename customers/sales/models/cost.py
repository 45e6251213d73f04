from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.configured_code import CodeField
from crm.models.record import RecordQuerySet
from customers.models import SourceChannel, tidy
from customers.sales.models.campaign import Campaign
from customers.sales.models.currency import Money, check_currency, is_a_currency, tidy_currency, totals
from customers.sales.models.currency_rate import sums_at


class CostQuerySet(RecordQuerySet):
    def of_campaign(self, campaign: Campaign) -> Self:
        return self.filter(campaign=campaign)

    def sums(self) -> list[Money]:
        """One for each currency; corrections are taken off."""
        rows = self.order_by().values_list("currency").annotate(sum=Sum("amount"))
        return totals(Money(amount, currency) for currency, amount in rows)

    def worth(self) -> list[Money]:
        """Together, each at the rate of the first day of its month; what has no rate stands beside."""
        return sums_at(self, "amount", "currency", F("month"))


class Cost(Record):
    """What winning customers cost, in a month, by channel and perhaps campaign.

    The ledger only grows, and the database sees to it: what was wrong is taken back by an entry of the same amount the
    other way round. Only undoing a whole import removes what it brought.
    """

    kind: ClassVar[str] = "cost"

    class Category(models.TextChoices):
        MEDIA = "media", _("media and advertising")
        AGENCY = "agency", _("agencies")
        SALARIES = "salaries", _("salaries")
        TOOLS = "tools", _("tools")
        OTHER = "other", _("other")

    external_id = models.CharField(_("number in the old system"), max_length=60, blank=True)
    month = models.DateField(_("month"))  # its first day
    category = models.CharField(_("category"), max_length=10, choices=Category.choices)
    channel = CodeField(_("channel"), max_length=12, of=SourceChannel, blank=True)  # none: for all of them
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="costs", verbose_name=_("campaign")
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="correction",
        verbose_name=_("takes back"),
    )  # fmt: skip

    objects: ClassVar[Any] = CostQuerySet.as_manager()

    class Meta:
        verbose_name = _("cost")
        verbose_name_plural = _("costs")
        ordering = ["-month", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="cost_month_is_its_first_day"),
            models.CheckConstraint(condition=is_a_currency(), name="cost_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(corrects=None, amount__gt=0) | Q(corrects__isnull=False, amount__lt=0),
                name="cost_is_taken_back_by_its_opposite",
            ),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id="") & Q(deleted_at=None), name="cost_external_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-month", "-id"], name="cost_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["owner", "-month", "-id"], name="cost_owner", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "-month", "-id"], name="cost_team", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}, {self.get_category_display()}"

    def clean(self) -> None:
        """The month is its first day, the channel that of the campaign."""
        if self.month:
            self.month = self.month.replace(day=1)
        self.note, self.external_id = tidy.one_line(self.note), self.external_id.strip()
        self.currency = check_currency(self.currency)
        if self.campaign is not None:
            self.channel = self.campaign.channel
        if self.amount is not None and self.corrects_id is None and self.amount <= 0:
            raise ValidationError({"amount": _("A cost is more than nothing. What was wrong is taken back.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)

    @property
    def is_taken_back(self) -> bool:
        return hasattr(self, "correction")
