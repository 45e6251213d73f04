from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from crm.models import Record
from crm.models.record import RecordQuerySet
from crm.search.documents import Words
from customers.models import tidy
from customers.sales.models.opportunity import Opportunity


class CompetitorQuerySet(RecordQuerySet):
    def met(self) -> Self:
        """Those that are still met."""
        return self.filter(is_active=True)


class Competitor(Record):
    """Who else sells what we sell. Nobody owns a competitor."""

    kind: ClassVar[str] = "competitor"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=120)
    website = models.URLField(_("website"), blank=True)
    notes = models.TextField(
        _("notes"), blank=True, help_text=_("What they are good at, and how they have been beaten.")
    )
    is_active = models.BooleanField(_("still met"), default=True)

    objects: ClassVar[Any] = CompetitorQuerySet.as_manager()

    class Meta:
        verbose_name = _("competitor")
        verbose_name_plural = _("competitors")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="competitor_has_a_name"),
            models.UniqueConstraint(fields=["name"], condition=Q(deleted_at=None), name="competitor_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name = tidy.one_line(self.name)

    def search_words(self) -> Words:
        return Words(title=self.name, subtitle="", texts=[self.website])


class CompetitorState(models.TextChoices):
    RUNNING = "running", pgettext_lazy("competitor", "in the running")
    BEATEN = "beaten", pgettext_lazy("competitor", "beaten")
    LOST = "lost", pgettext_lazy("competitor", "lost to them")


class OpportunityCompetitorQuerySet(models.QuerySet["OpportunityCompetitor"]):
    def visible_to(self, user: Any) -> Self:
        competitors = Competitor.objects.visible_to(user).filter(pk=OuterRef("competitor"))
        opportunities = Opportunity.objects.visible_to(user).filter(pk=OuterRef("opportunity"))
        return self.filter(Exists(competitors), Exists(opportunities))


class OpportunityCompetitor(models.Model):
    """A competitor met at an opportunity. An opportunity is lost to one of them at most."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="competitors")
    competitor = models.ForeignKey(
        Competitor, models.PROTECT, related_name="opportunities", verbose_name=_("competitor")
    )
    state = models.CharField(_("state"), max_length=7, choices=CompetitorState.choices, default=CompetitorState.RUNNING)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects: ClassVar[Any] = OpportunityCompetitorQuerySet.as_manager()

    class Meta:
        verbose_name = _("competitor at an opportunity")
        verbose_name_plural = _("competitors at opportunities")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "competitor"], name="opportunity_competitor_once"),
            models.UniqueConstraint(fields=["opportunity"], condition=Q(state="lost"), name="opportunity_lost_to_one"),
            models.CheckConstraint(
                condition=Q(state__in=CompetitorState.values), name="opportunity_competitor_state_is_one"
            ),
        ]

    def __str__(self) -> str:
        return str(self.competitor)

    @property
    def stands(self) -> CompetitorState:
        """How they stand as the sale stands: who wins has beaten them all, and what is open again is lost to nobody."""
        if self.opportunity.stage.is_won:
            return CompetitorState.BEATEN
        if self.state == CompetitorState.LOST and not self.opportunity.stage.is_lost:
            return CompetitorState.RUNNING
        return CompetitorState(self.state)

    @property
    def label(self) -> str:
        if self.stands == CompetitorState.RUNNING and self.opportunity.stage.is_lost:
            return pgettext("competitor", "was in the running")
        return str(self.stands.label)

    @property
    def tone(self) -> str:
        return {CompetitorState.BEATEN: "good", CompetitorState.LOST: "bad"}.get(self.stands, "neutral")
