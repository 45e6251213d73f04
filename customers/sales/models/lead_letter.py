from __future__ import annotations

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Email
from customers.sales.models.lead import Lead


class LeadLetter(models.Model):
    """What a lead wrote to the organisation's mail account. Whoever sees the lead reads it, and may answer it."""

    is_shared: ClassVar[bool] = True
    answer: Email | None = None
    references: ClassVar[str] = ""  # it answers nothing of ours: see actions/lead_mail.py

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="letters")
    sender = models.CharField(_("from"), max_length=380)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    attachments = ArrayField(models.CharField(max_length=200), default=list, blank=True)  # their names; no files
    message_id = models.CharField(max_length=255, blank=True, editable=False)
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "message_id"], condition=~Q(message_id=""), name="lead_letter_once")
        ]

    def __str__(self) -> str:
        return self.subject

    @classmethod
    def shown_of(cls, lead: Lead, most: int) -> list[Self]:
        """The latest first, each with the first letter of ours that answers it as `answer`, or None.

        That somebody answered, and when, is the lead's; what they wrote is theirs unless they share it.
        """
        letters = list(cls.objects.filter(lead=lead)[:most])
        ours = Email.objects.about(lead).filter(direction=Email.Direction.OUTBOUND)  # scoped: who and when, no text
        sent = ours.exclude(references="").exclude(state=Email.State.FAILED).select_related("owner").order_by("-at")
        answers = {each.references.split()[-1]: each for each in sent} if letters else {}
        for letter in letters:
            letter.answer = answers.get(letter.message_id)
        return letters

    @property
    def answered_to(self) -> list[str]:
        return [self.sender.rpartition("<")[2].rstrip(">")]
