from __future__ import annotations

from collections.abc import Iterable
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet
from crm.models import Team, User
from customers.sales.models.currency import is_a_currency
from customers.sales.models.forecast_period import Period, week_is_over


class ForecastSubmissionQuerySet(ScopedQuerySet):
    def of_people(self) -> Self:
        return self.filter(of_team=False)

    def of_teams(self) -> Self:
        return self.filter(of_team=True)

    def of_period(self, period: Period) -> Self:
        return self.filter(period_kind=period.kind, period_start=period.start)

    def in_week(self, week: date) -> Self:
        return self.filter(week=week)

    def before_week(self, week: date) -> Self:
        return self.filter(week__lt=week)

    def latest_of_people(self) -> Self:
        """What counts of each person: of several, the last."""
        return self.of_people().order_by("owner_id", "-submitted_at", "-pk").distinct("owner_id")

    def latest_of_teams(self) -> Self:
        return self.of_teams().order_by("team_id", "-submitted_at", "-pk").distinct("team_id")

    def with_adjustments(self) -> Self:
        return self.prefetch_related(models.Prefetch("adjustments", ForecastAdjustment.objects.select_related("by")))


class ForecastSubmission(models.Model):
    """What somebody said, in one week, would be won in a period; with what the pipeline held at that moment.

    Of a person, or of a team by whoever answers for it. Rows are only ever added: saying something else in the same
    week adds another, and when the week is over the last one stands.
    """

    kind: ClassVar[str] = "forecast"
    PERIODS = [("month", _("month")), ("quarter", _("quarter"))]

    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("whose"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    of_team = models.BooleanField(_("for the team"), default=False)
    period_kind = models.CharField(max_length=7, choices=PERIODS)
    period_start = models.DateField(_("period"))
    week = models.DateField(_("week"))  # its Monday
    submitted_at = models.DateTimeField(_("submitted"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    currency = models.CharField(_("currency"), max_length=3)
    # Both with what is won already, so that they can be held against what was won in the end.
    commit = models.DecimalField(_("commit"), max_digits=18, decimal_places=2)
    best_case = models.DecimalField(_("best case"), max_digits=18, decimal_places=2)
    note = models.TextField(_("note"), blank=True)

    objects: ClassVar[Any] = ForecastSubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")
        ordering = ["-submitted_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(commit__gte=0), name="forecast_commit_not_negative"),
            models.CheckConstraint(condition=Q(best_case__gte=F("commit")), name="forecast_best_case_not_below_commit"),
            models.CheckConstraint(condition=is_a_currency(), name="forecast_currency_is_a_code"),
            models.CheckConstraint(
                condition=Q(of_team=False) | Q(team__isnull=False), name="forecast_of_a_team_has_one"
            ),
            models.CheckConstraint(condition=Q(week__iso_week_day=1), name="forecast_week_begins_on_monday"),
            models.CheckConstraint(
                condition=Q(period_start__day=1)
                & (Q(period_kind="month") | Q(period_kind="quarter", period_start__month__in=[1, 4, 7, 10])),
                name="forecast_period_begins_where_one_does",
            ),
        ]
        indexes = [
            models.Index(fields=["-submitted_at", "-id"], name="forecast_newest"),
            models.Index(fields=["owner", "period_kind", "period_start", "-submitted_at"], name="forecast_owner"),
            models.Index(fields=["team", "period_kind", "period_start", "-submitted_at"], name="forecast_team"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.period.code}"

    @property
    def subject(self) -> Team | User:
        """Whose figures these are."""
        return self.team if self.of_team else self.owner  # type: ignore[return-value]

    @property
    def period(self) -> Period:
        return Period(self.period_start, self.period_kind)

    @property
    def period_label(self) -> str:
        return self.period.label

    @property
    def last_adjustment(self) -> ForecastAdjustment | None:
        return max(self.adjustments.all(), key=lambda one: (one.at, one.pk), default=None)

    @property
    def counted(self) -> ForecastAdjustment | ForecastSubmission:
        """What goes into the sums above: the manager's last adjustment, or what was submitted."""
        return self.last_adjustment or self

    def is_locked(self, now: Any, zone: tzinfo) -> bool:
        return week_is_over(self.week, now, zone)

    def get_absolute_url(self) -> str:
        return reverse("forecast-detail", args=[self.pk])


class ForecastFigure(models.Model):
    """What the pipeline held for a submission when it was made, in one category and currency. Only ever added."""

    CLOSED = "closed"
    CATEGORIES = [
        (CLOSED, _("won")),
        ("commit", _("commit")),
        ("best_case", _("best case")),
        ("pipeline", _("pipeline")),
        ("omitted", _("omitted")),
    ]

    submission = models.ForeignKey(ForecastSubmission, models.CASCADE, related_name="figures")
    category = models.CharField(max_length=9, choices=CATEGORIES)
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["submission", "category", "currency"], name="forecast_figure_once")
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.amount} {self.currency}"


class ForecastAdjustment(models.Model):
    """What a manager puts in the place of somebody's numbers, and why. Only ever added; the last one counts."""

    submission = models.ForeignKey(ForecastSubmission, models.CASCADE, related_name="adjustments")
    commit = models.DecimalField(_("commit"), max_digits=18, decimal_places=2)
    best_case = models.DecimalField(_("best case"), max_digits=18, decimal_places=2)
    note = models.TextField(_("why"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(commit__gte=0), name="adjustment_commit_not_negative"),
            models.CheckConstraint(
                condition=Q(best_case__gte=F("commit")), name="adjustment_best_case_not_below_commit"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="adjustment_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.submission}: {self.commit}"


def sum_of(numbers: Iterable[Any]) -> tuple[Decimal, Decimal]:
    """Commit and best case of submissions or adjustments together."""
    found = list(numbers)
    return sum((one.commit for one in found), Decimal(0)), sum((one.best_case for one in found), Decimal(0))
