"""Questionnaires: their wording, when they are sent, and what they ask."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin import AuditedAdmin
from surveys.models import Question, Survey


class OneScore(BaseInlineFormSet):
    """A survey without a scored question could be sent, but not answered."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        scored = [row for row in kept if row.get("type") == Question.Type.SCORE and not row.get("DELETE")]
        if len(scored) != 1:
            raise ValidationError(_("A survey asks for exactly one score."))


class QuestionInline(admin.StackedInline):
    model = Question
    formset = OneScore
    extra = 0
    min_num = 1
    fields = ("type", "position", "text_en", "text_zh", "is_required")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What was answered must stay readable.
        return obj is None or not obj.has_answers


@admin.register(Survey)
class SurveyAdmin(AuditedAdmin):
    list_display = ("name", "type", "trigger", "is_active")
    list_filter = ("type", "is_active")
    search_fields = ("name", "code")
    prepopulated_fields = {"code": ("name",)}
    inlines = (QuestionInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Scores given on one scale mean nothing on another.
        return ("type",) if obj is not None and obj.has_answers else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj is not None else dict(self.prepopulated_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or not obj.has_answers
