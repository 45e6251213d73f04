from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.models import Question, Survey

LONGEST = 5000


class AnswerForm(forms.Form):
    """What the public page asks: the score, a comment, and the survey's further questions."""

    score = forms.TypedChoiceField(
        label=_("Score"), coerce=int, error_messages={"required": _("Choose one of the scores.")}
    )
    comment = forms.CharField(
        label=_("Would you like to tell us why?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=LONGEST,
    )

    def __init__(self, *args: Any, survey: Survey, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        score: Any = self.fields["score"]
        score.choices = [(number, str(number)) for number in survey.scale]
        self.questions = list(survey.questions.all())
        for question in self.questions:
            if question.type == Question.Type.TEXT:
                self.fields[f"question-{question.pk}"] = forms.CharField(
                    label=question.text,
                    widget=forms.Textarea(attrs={"rows": 3}),
                    required=question.is_required,
                    max_length=LONGEST,
                )

    @property
    def scored_question(self) -> Question | None:
        return next((question for question in self.questions if question.type == Question.Type.SCORE), None)

    @property
    def further(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("question-")]

    def answers(self) -> dict[Question, str]:
        named = {f"question-{question.pk}": question for question in self.questions}
        return {question: self.cleaned_data.get(name, "") for name, question in named.items()}
