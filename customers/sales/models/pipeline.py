from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet


class PipelineQuerySet(ScopedQuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Pipeline(models.Model):
    """The stages a kind of sale goes through."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    # See actions/closed.py. Off unless somebody says so: what a file describes is corrected by the next file.
    locks_closed = models.BooleanField(
        _("lock what is closed"), default=False, db_default=False,
        help_text=_("Amount, owner, close date, products, customer and credit of what was won or lost are then changed"
            " only by who may correct it, with a reason."),
    )  # fmt: skip

    # See customers/actions/next_steps.py.
    asks_next_step = models.BooleanField(
        _("always a next step"), default=False, db_default=False,
        help_text=_("Whoever notes something about an open opportunity of it, finishes its last task or opens one says"
            " what comes next, and when. Files and changes of many are not refused."),
    )  # fmt: skip

    objects = PipelineQuerySet.as_manager()

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def first_stage(self) -> Stage | None:
        return self.stages.open().order_by("position", "pk").first()

    @property
    def won_stage(self) -> Stage | None:
        return self.stages.won().first()

    @property
    def lost_stage(self) -> Stage | None:
        return self.stages.lost().first()


class ForecastCategory(models.TextChoices):
    """How sure of an open opportunity its forecast is."""

    OMITTED = "omitted", _("omitted")
    PIPELINE = "pipeline", _("pipeline")
    BEST_CASE = "best_case", _("best case")
    COMMIT = "commit", _("commit")


class StageQuerySet(models.QuerySet["Stage"]):
    def open(self) -> Self:
        return self.filter(outcome=Stage.Outcome.OPEN)

    def won(self) -> Self:
        return self.filter(outcome=Stage.Outcome.WON)

    def lost(self) -> Self:
        return self.filter(outcome=Stage.Outcome.LOST)


class Stage(models.Model):
    """A column of a pipeline. Exactly one of them is won and one lost."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="stages", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    outcome = models.CharField(_("outcome"), max_length=4, choices=Outcome.choices, default=Outcome.OPEN)
    probability = models.DecimalField(
        _("probability"), max_digits=4, decimal_places=3, default=Decimal("0.5"), help_text=_("0 to 1.")
    )
    # Of what is open in it, unless an opportunity says otherwise; what is closed is won or it is nothing.
    forecast_category = models.CharField(
        _("forecast category"),
        max_length=9,
        choices=ForecastCategory.choices,
        default=ForecastCategory.PIPELINE,
        db_default=ForecastCategory.PIPELINE,
    )

    # Without a limit nothing rots in it; see rotting.py for what counts.
    rot_days = models.PositiveSmallIntegerField(
        _("days until it rots"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    objects = StageQuerySet.as_manager()

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["pipeline", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "name"], name="stage_name_once_in_a_pipeline"),
            models.UniqueConstraint(fields=["pipeline"], condition=Q(outcome="won"), name="pipeline_has_one_won_stage"),
            models.UniqueConstraint(
                fields=["pipeline"], condition=Q(outcome="lost"), name="pipeline_has_one_lost_stage"
            ),
            models.CheckConstraint(
                condition=Q(outcome="won", probability=1)
                | Q(outcome="lost", probability=0)
                | Q(outcome="open", probability__gte=0, probability__lte=1),
                name="stage_probability_fits_outcome",
            ),
            models.CheckConstraint(
                condition=Q(forecast_category__in=ForecastCategory.values), name="stage_forecast_category_is_one"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Won is certain and lost is not: nobody has to type it."""
        if self.outcome == self.Outcome.WON:
            self.probability = Decimal(1)
        elif self.outcome == self.Outcome.LOST:
            self.probability = Decimal(0)

    @property
    def is_open(self) -> bool:
        return self.outcome == self.Outcome.OPEN

    @property
    def is_won(self) -> bool:
        return self.outcome == self.Outcome.WON

    @property
    def is_lost(self) -> bool:
        return self.outcome == self.Outcome.LOST


class LostReasonQuerySet(ScopedQuerySet):
    def active(self) -> Self:
        return self.filter(is_active=True)


class LostReason(models.Model):
    """Why opportunities are lost; chosen from a list so that it can be counted. Whoever sees pipelines sees it."""

    kind: ClassVar[str] = "pipeline"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_active = models.BooleanField(_("active"), default=True)

    objects = LostReasonQuerySet.as_manager()

    class Meta:
        verbose_name = _("lost reason")
        verbose_name_plural = _("lost reasons")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
