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


class ResponseQuerySet(RecordQuerySet):
    def of_type(self, survey_type: str) -> Self:
        return self.filter(survey__type=survey_type)

    def detractors(self) -> Self:
        return self.of_type(Survey.Type.NPS).filter(score__lte=6)


class Response(Record):
    """What somebody answered. `owner` and `team` are those the survey was about when it was sent."""

    kind: ClassVar[str] = "response"
    follows: ClassVar[tuple[str, ...]] = ("customer",)

    invitation = models.OneToOneField(
        Invitation, models.PROTECT, related_name="response", verbose_name=_("invitation")
    )
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
