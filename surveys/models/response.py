from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.models.record import RecordQuerySet
from customers.models import Contact, Customer
from service.models import Ticket
from surveys.models.invitation import Invitation
from surveys.models.survey import Question, Survey

# The highest score by which somebody counts as unhappy: NPS 0 to 6, CSAT 1 and 2, CES 1 to 3.
UNHAPPY = {Survey.Type.NPS: 6, Survey.Type.CSAT: 2, Survey.Type.CES: 3}
# The lowest score by which somebody counts as happy: NPS 9 and 10, CSAT 4 and 5, CES 5 to 7.
HAPPY = {Survey.Type.NPS: 9, Survey.Type.CSAT: 4, Survey.Type.CES: 5}


class ResponseQuerySet(RecordQuerySet):
    def detractors(self) -> Self:
        """Unhappy by the survey's own scale."""
        unhappy = Q()
        for survey_type, highest in UNHAPPY.items():
            unhappy |= Q(survey__type=survey_type, score__lte=highest)
        return self.filter(unhappy)

    def promoters(self) -> Self:
        """Happy by the survey's own scale."""
        happy = Q()
        for survey_type, lowest in HAPPY.items():
            happy |= Q(survey__type=survey_type, score__gte=lowest)
        return self.filter(happy)


class Response(Record):
    """What somebody answered. `owner` and `team` are those the survey was about when it was sent."""

    kind: ClassVar[str] = "response"
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="response", verbose_name=_("invitation"))
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses", verbose_name=_("survey"))
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+", verbose_name=_("contact"))
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ticket")
    )
    score = models.PositiveSmallIntegerField(_("score"))
    comment = models.TextField(_("comment"), blank=True)
    answered_at = models.DateTimeField(_("answered"))

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ["-answered_at", "-id"]
        constraints = [models.CheckConstraint(condition=Q(score__lte=10), name="response_score_at_most_10")]
        indexes = [
            models.Index(fields=["-answered_at", "-id"], name="response_newest", condition=Q(deleted_at=None)),
            models.Index(fields=["survey", "answered_at"], name="response_survey"),
            models.Index(fields=["customer", "-answered_at"], name="response_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.survey}: {self.score}"

    @property
    def is_unhappy(self) -> bool:
        return self.score <= UNHAPPY[Survey.Type(self.survey.type)]

    @property
    def is_happy(self) -> bool:
        return self.score >= HAPPY[Survey.Type(self.survey.type)]


class Answer(models.Model):
    """What was answered to one of the further questions."""

    response = models.ForeignKey(Response, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["question__position"]
        constraints = [models.UniqueConstraint(fields=["response", "question"], name="answer_once_per_question")]

    def __str__(self) -> str:
        return self.text[:80]
