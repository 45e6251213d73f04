from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.access.grants import Access
from crm.access.permissions import Verb
from crm.access.querysets import Rule, ScopedQuerySet
from crm.joining import listed
from crm.models import Record
from crm.models.record import RecordQuerySet
from customers.models import Segment
from evaluation import kpis
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi

GRACE_DAYS = 5  # what happened in the period may be written down some days late


def check_codes(codes: list[str]) -> None:
    known = {kpi.code for kpi in kpis.all_kpis()}
    unknown = sorted(set(codes) - known)
    if unknown:
        raise ValidationError(_("There is no KPI called %(codes)s."), params={"codes": listed(unknown)})
    if len(set(codes)) != len(codes):
        raise ValidationError(_("A KPI stands on a scorecard once."))


class CycleTemplate(models.Model):
    """The KPIs a scorecard usually has, by a name. Cycles copy them: changing it changes no cycle."""

    kind: ClassVar[str] = "review_cycle"  # whoever sees cycles may plan by a template
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=120, unique=True)
    purpose = models.TextField(_("what it is for"), blank=True)
    kpi_codes = ArrayField(models.CharField(max_length=40), verbose_name=_("KPIs"), validators=[check_codes])
    calibrates = models.BooleanField(_("with calibration"), default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("review template")
        verbose_name_plural = _("review templates")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CycleQuerySet(RecordQuerySet):
    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Whoever sees a review sees the cycle it belongs to."""
        if verb != Verb.VIEW:
            return []
        from evaluation.models.review import Review

        seen = Review.objects.visible_to(access.user).order_by().values("cycle")
        return [Rule("review", _("a review in it can be seen"), Q(pk__in=seen))]


class Cycle(Record):
    """One round of reviews: a period, the KPIs of the scorecard, and whom it is about.

    Until the numbers are frozen all reviews go together; afterwards each goes its own way.
    """

    kind: ClassVar[str] = "review_cycle"

    class PeriodKind(models.TextChoices):
        MONTH = periods.MONTH, _("month")
        QUARTER = periods.QUARTER, _("quarter")
        HALF = periods.HALF, _("half-year")

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        OPEN = "open", pgettext_lazy("review cycle", "open")
        RUNNING = "running", _("running")
        CLOSED = "closed", _("closed, days of grace")
        FROZEN = "frozen", _("frozen")
        ARCHIVED = "archived", _("archived")

    name = models.CharField(_("name"), max_length=120)
    period_kind = models.CharField(_("kind"), max_length=7, choices=PeriodKind.choices)
    period_start = models.DateField(_("from"))
    period_end = models.DateField(_("to"))  # the last day, included
    kpi_codes = ArrayField(models.CharField(max_length=40), verbose_name=_("KPIs"), validators=[check_codes])
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=GRACE_DAYS)
    calibrates = models.BooleanField(_("with calibration"), default=False)
    # Whose records alone count on its scorecards; by the name it had when it was chosen, then when it was frozen.
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    segment_name = models.CharField(max_length=120, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PLANNED)
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True, editable=False)

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("review cycle")
        verbose_name_plural = _("review cycles")
        ordering = ["-period_start", "name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gte=F("period_start")), name="cycle_period_in_order"),
            models.CheckConstraint(
                condition=Q(frozen_at=None) | Q(state__in=["frozen", "archived"]), name="cycle_frozen_has_a_time"
            ),
            models.CheckConstraint(condition=Q(grace_days__lte=60), name="cycle_grace_is_short"),
            models.CheckConstraint(
                condition=Q(segment=None, segment_name="") | (Q(segment__isnull=False) & ~Q(segment_name="")),
                name="cycle_segment_has_a_name",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "period_end"], name="cycle_in_course", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def period(self) -> Period:
        return Period(self.period_start, self.period_end, self.period_kind)

    @property
    def kpis(self) -> list[Kpi]:
        return [kpis.get(code) for code in self.kpi_codes]

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def next_state(self) -> Any:
        return NEXT.get(self.State(self.state))


class CycleMember(models.Model):
    """A customer who belonged to the segment of a cycle when its numbers were frozen. Append-only, by a trigger too.

    Their number as it was then, no link: of a customer that was merged since, the one that stayed counts.
    """

    cycle = models.ForeignKey(Cycle, models.PROTECT, related_name="members")
    customer_number = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "customer_number"], name="cycle_member_once"),
        ]

    def __str__(self) -> str:
        return str(self.customer_number)


# The one step there is from each state. A step back would make what people saw untrue.
NEXT = {
    Cycle.State.PLANNED: Cycle.State.OPEN,
    Cycle.State.OPEN: Cycle.State.RUNNING,
    Cycle.State.RUNNING: Cycle.State.CLOSED,
    Cycle.State.CLOSED: Cycle.State.FROZEN,
    Cycle.State.FROZEN: Cycle.State.ARCHIVED,
}
