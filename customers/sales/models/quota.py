from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record, Team, User
from crm.models.record import RecordQuerySet
from customers.sales.models.currency import check_currency, is_a_currency, tidy_currency


class QuotaQuerySet(RecordQuerySet):
    def of_year(self, year: int) -> Self:
        return self.filter(month__gte=date(year, 1, 1), month__lte=date(year, 12, 1))

    def of(self, subject: Team | User) -> Self:
        return self.filter(for_team=subject) if isinstance(subject, Team) else self.filter(owner=subject)


class Quota(Record):
    """What a person, or a team as a whole, is to win in a month. Quarters and years are sums of months."""

    kind: ClassVar[str] = "quota"

    # Of a person: the owner, and the team they are in. Of a team: no owner, and the team twice.
    for_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("quota of the team")
    )
    month = models.DateField(_("month"))  # its first day
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, blank=True)

    objects: ClassVar[Any] = QuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        ordering = ["-month", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="quota_not_negative"),
            models.CheckConstraint(condition=Q(month__day=1), name="quota_month_is_its_first_day"),
            models.CheckConstraint(condition=is_a_currency(), name="quota_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, for_team__isnull=True)
                | Q(owner__isnull=True, for_team__isnull=False, team=F("for_team")),
                name="quota_is_of_a_person_or_a_team",
            ),
            models.UniqueConstraint(
                fields=["owner", "month"], condition=Q(deleted_at=None), name="quota_of_a_person_once_a_month"
            ),
            models.UniqueConstraint(
                fields=["for_team", "month"], condition=Q(deleted_at=None), name="quota_of_a_team_once_a_month"
            ),
        ]
        indexes = [
            models.Index(fields=["-month", "id"], name="quota_month", condition=Q(deleted_at=None)),
            models.Index(fields=["team", "month"], name="quota_team_month", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.month:%Y-%m}"

    @property
    def subject(self) -> Team | User | None:
        return self.for_team or self.owner

    def clean(self) -> None:
        """The month is its first day, the team the one the person is in, unless somebody says otherwise."""
        if self.month:
            self.month = self.month.replace(day=1)
        self.currency = check_currency(self.currency)
        if (self.owner is None) == (self.for_team is None):
            raise ValidationError({"owner": _("A quota is a person's or a team's.")})
        self.team = self.for_team or self.team or (self.owner.team if self.owner else None)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.currency = tidy_currency(self.currency)
        super().save(*args, **kwargs)
