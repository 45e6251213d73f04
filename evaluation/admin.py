"""What administrators configure of the evaluation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from crm.admin import AuditedAdmin
from evaluation.forms.cycles import kpi_choices
from evaluation.models import CycleTemplate


class CycleTemplateForm(forms.ModelForm):
    kpi_codes = forms.MultipleChoiceField(
        label=CycleTemplate._meta.get_field("kpi_codes").verbose_name, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = CycleTemplate
        fields = ["name", "purpose", "kpi_codes", "calibrates"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kpi_codes"].choices = kpi_choices()  # type: ignore[attr-defined]


@admin.register(CycleTemplate)
class CycleTemplateAdmin(AuditedAdmin):
    form = CycleTemplateForm
    list_display = ["name", "purpose", "calibrates"]
