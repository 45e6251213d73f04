"""What is found out about a lead: the answers to the questions of the checklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm.models import User
from customers.models import tidy
from customers.sales.actions import lead_changes
from customers.sales.models import Lead, LeadAnswer, LeadQuestion
from customers.sales.models.lead_question import LONGEST

TICKED = "✓"


@transaction.atomic
def answer(lead: Lead, *, answers: dict[LeadQuestion, Any], by: User | None, at: datetime) -> Lead:
    """Answer questions, or, with nothing, take an answer back. What is said already is not said again."""
    locked = lead_changes.lock(lead)
    lead_changes.refuse_closed(locked)
    known = {row.question_id: row for row in LeadAnswer.objects.filter(lead=locked)}
    said: list[dict[str, str]] = []
    for question, given in answers.items():
        text = _text(question, given)
        row = known.get(question.pk)
        if text == (row.text if row else ""):
            continue
        if row is not None and not text:
            row.delete()
        else:
            row = row or LeadAnswer(lead=locked, question=question)
            row.text, row.by, row.at = text, by, at
            row.save()
        said.append({"question": question.text, "answer": text})
    if not said:
        return locked
    return lead_changes.store(locked, "answered", {"answers": said}, by=by, at=at)


def _text(question: LeadQuestion, given: Any) -> str:
    if question.is_ticked:
        return TICKED if given else ""
    text = tidy.one_line(str(given or ""))
    if len(text) > LONGEST:
        raise ValidationError(_("An answer has at most %(most)s characters.") % {"most": LONGEST})
    return text
