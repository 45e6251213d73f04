from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from crm.access.querysets import ScopedQuerySet


def in_language(english: str, chinese: str) -> str:
    """The wording in the language that is active now."""
    return chinese if (get_language() or "").startswith("zh") else english


class SurveyQuerySet(ScopedQuerySet):
    def sent_when(self, trigger: str) -> Self:
        return self.filter(is_active=True, trigger=trigger)


class Survey(models.Model):
    """A questionnaire: one scored question and, if wanted, more. Its wording is kept in both languages."""

    kind: ClassVar[str] = "survey"
    owner_field = None
    team_field = None

    class Type(models.TextChoices):
        NPS = "nps", _("NPS: would you recommend us?")
        CSAT = "csat", _("CSAT: how satisfied were you?")
        CES = "ces", _("CES: how easy was it?")

    class Trigger(models.TextChoices):
        NONE = "none", _("by hand")
        TICKET_RESOLVED = "ticket_resolved", _("when a ticket is resolved")

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    type = models.CharField(_("type"), max_length=4, choices=Type.choices)
    trigger = models.CharField(_("sent"), max_length=20, choices=Trigger.choices, default=Trigger.NONE)
    is_active = models.BooleanField(_("active"), default=True)
    expires_after_days = models.PositiveSmallIntegerField(_("link valid for days"), default=30)
    subject_en = models.CharField(_("mail subject, English"), max_length=150)
    subject_zh = models.CharField(_("mail subject, Chinese"), max_length=150)
    intro_en = models.TextField(_("mail text, English"))
    intro_zh = models.TextField(_("mail text, Chinese"))

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["trigger"],
                condition=Q(is_active=True) & ~Q(trigger="none"),
                name="one_active_survey_per_trigger",
            ),
        ]

    def __str__(self) -> str:
        return gettext(self.name)  # shipped surveys are named in English and shown in the reader's language

    @property
    def has_answers(self) -> bool:
        return self.responses.exists()

    def get_absolute_url(self) -> str:
        return reverse("survey-detail", args=[self.pk])

    @property
    def subject(self) -> str:
        return in_language(self.subject_en, self.subject_zh)

    @property
    def intro(self) -> str:
        return in_language(self.intro_en, self.intro_zh)

    @property
    def scale(self) -> range:
        """The scores that can be given: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7."""
        return {"nps": range(11), "csat": range(1, 6), "ces": range(1, 8)}[self.type]


class Question(models.Model):
    """One question of a survey."""

    class Type(models.TextChoices):
        SCORE = "score", _("score")
        TEXT = "text", _("free text")

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="questions", verbose_name=_("survey"))
    type = models.CharField(_("type"), max_length=5, choices=Type.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text_en = models.CharField(_("question, English"), max_length=300)
    text_zh = models.CharField(_("question, Chinese"), max_length=300)
    is_required = models.BooleanField(_("required"), default=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["survey"], condition=Q(type="score"), name="survey_has_one_scored_question"
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return in_language(self.text_en, self.text_zh)
