"""What is to be known of a lead before it becomes a customer: questions of the administrator, answers of the rep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.joining import clauses
from customers.models import tidy
from customers.sales.models.lead import Lead
from customers.sales.models.opportunity import Opportunity

LONGEST = 500


class LeadQuestionQuerySet(models.QuerySet["LeadQuestion"]):
    def active(self) -> Self:
        return self.filter(is_active=True).order_by("position", "pk")


class LeadQuestion(models.Model):
    """A line of the qualification checklist."""

    class Answer(models.TextChoices):
        TEXT = "text", _("a few words")
        TICK = "tick", _("a tick")

    text = models.CharField(_("question"), max_length=120, unique=True)
    answer = models.CharField(_("answered with"), max_length=4, choices=Answer.choices, default=Answer.TEXT)
    is_required = models.BooleanField(
        _("needed for converting"), default=False, help_text=_("Managers may convert without it, for a reason.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=10)
    is_active = models.BooleanField(pgettext_lazy("lead rule", "active"), default=True)

    objects = LeadQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("qualifying question")
        verbose_name_plural = _("qualifying questions")
        ordering = ["position", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="lead_question_asks_something")]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        self.text = tidy.one_line(self.text)

    @property
    def is_ticked(self) -> bool:
        return self.answer == self.Answer.TICK


class LeadAnswer(models.Model):
    """What somebody found out about a lead. It goes along to the opportunity the lead becomes."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="answers")
    question = models.ForeignKey(LeadQuestion, models.PROTECT, related_name="answers")
    text = models.CharField(_("answer"), max_length=LONGEST)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    opportunity = models.ForeignKey(
        Opportunity, models.SET_NULL, null=True, blank=True, related_name="lead_answers", editable=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "question"], name="lead_question_answered_once"),
            models.CheckConstraint(condition=~Q(text=""), name="lead_answer_says_something"),
        ]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Item:
    """A line of the checklist of one lead."""

    question: LeadQuestion
    answer: LeadAnswer | None

    @property
    def met(self) -> bool:
        return self.answer is not None


class NotQualified(ValidationError):
    """It is not converted until these are answered; whoever may override it gives a reason."""

    def __init__(self, missing: list[LeadQuestion]) -> None:
        self.missing = missing
        told = clauses(missing)
        super().__init__(_now("Before it is converted: %(missing)s.") % {"missing": told})


def checklist(lead: Lead) -> list[Item]:
    """The questions in use, and those that were answered before they went out of use."""
    answers: dict[Any, LeadAnswer] = {
        answer.question_id: answer for answer in lead.answers.select_related("question", "by")
    }
    asked = list(LeadQuestion.objects.active())
    old = [answer.question for answer in answers.values() if not answer.question.is_active]
    return [Item(question, answers.get(question.pk)) for question in [*asked, *old]]


def missing(lead: Lead) -> list[LeadQuestion]:
    """The required ones nobody has answered."""
    required = list(LeadQuestion.objects.active().filter(is_required=True))
    if not required:
        return []
    known = set(lead.answers.values_list("question_id", flat=True))
    return [question for question in required if question.pk not in known]
