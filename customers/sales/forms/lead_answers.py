from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.sales.models import LeadQuestion
from customers.sales.models.lead_question import LONGEST, Item


class LeadAnswersForm(forms.Form):
    """A field for each question of the checklist."""

    def __init__(self, *args: Any, items: Iterable[Item], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions: dict[str, LeadQuestion] = {}
        for item in items:
            name = self.ask(item.question)
            if item.answer is not None:
                self.initial[name] = item.answer.text

    def ask(self, question: LeadQuestion) -> str:
        name = f"question_{question.pk}"
        self.questions[name] = question
        if question.is_ticked:
            self.fields[name] = forms.BooleanField(label=question.text, required=False)
        else:
            self.fields[name] = forms.CharField(label=question.text, required=False, max_length=LONGEST)
        if question.is_required:
            self.fields[name].help_text = _("Needed before it is converted.")
        return name

    def answers(self) -> dict[LeadQuestion, Any]:
        return {question: self.cleaned_data.get(name) for name, question in self.questions.items()}
