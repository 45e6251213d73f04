"""Pipelines, their stages, and what has to be known before an opportunity leaves one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access.permissions import Verb
from crm.admin import AuditedAdmin
from crm.joining import labelled, listed
from crm.models import Role
from customers.sales.actions import pipelines
from customers.sales.actions.closed import CORRECTION
from customers.sales.models import ExitCriterion, Pipeline, Stage


class StageFormSet(BaseInlineFormSet):
    """A pipeline has one way to win, one to lose, and somewhere to begin; what was used stays what it was."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        outcomes = [form.cleaned_data["outcome"] for form in kept]
        if outcomes.count(Stage.Outcome.WON) != 1 or outcomes.count(Stage.Outcome.LOST) != 1:
            raise ValidationError(_("A pipeline has exactly one won stage and exactly one lost stage."))
        if Stage.Outcome.OPEN not in outcomes:
            raise ValidationError(_("A pipeline has at least one open stage to begin in."))


class StageForm(forms.ModelForm):
    class Meta:
        model = Stage
        fields = ["name", "position", "outcome", "probability", "forecast_category", "rot_days"]
        help_texts = {
            "position": gettext_lazy("The smallest stands first."),
            "probability": gettext_lazy("From 0 to 1: 0.4 is 40 percent."),
            "rot_days": gettext_lazy("Without a new stage or contact for longer it is shown as lying. Empty: never."),
            "forecast_category": gettext_lazy("Of what is open in it, unless the opportunity says otherwise."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.instance.pk or not pipelines.in_use(self.instance):
            return cleaned
        stage = {"stage": self.instance.name}
        # Said here and taken out, so that Django does not go and list every opportunity there is.
        if cleaned.pop("DELETE", False):
            self.add_error(None, _("“%(stage)s” cannot be removed: opportunities are or were in it.") % stage)
        elif "outcome" in self.changed_data:
            sentence = _("“%(stage)s” keeps its outcome: opportunities are or were in it. Add another stage instead.")
            self.add_error(None, sentence % stage)
        return cleaned


class StageInline(admin.TabularInline):
    model = Stage
    form = StageForm
    formset = StageFormSet
    extra = 0
    min_num = 3
    ordering = ["position", "pk"]


def who_may_correct() -> str:
    """A role that is older than the permission does not have it: said where the lock is turned on."""
    roles = Role.objects.filter(grants__kind=CORRECTION, grants__verb=Verb.EDIT).distinct()
    if not roles:
        return _("No role may: grant “corrections of what is closed” to one first, under Roles.")
    return _("Roles that may: %(roles)s. Others are granted “corrections of what is closed” under Roles.") % {
        "roles": listed(roles)
    }


@admin.register(Pipeline)
class PipelineAdmin(AuditedAdmin):
    list_display = ["name", "position", "is_active", "locks_closed", "asks_next_step", "stage_names"]
    list_editable = ["position"]
    ordering = ["position", "name"]
    inlines = [StageInline]
    actions = None  # one by one: see below

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One with a past goes out of use: asked to delete it, Django would read every opportunity, for a minute."""
        used = obj is not None and any(pipelines.in_use(stage) for stage in obj.stages.all())
        return super().has_delete_permission(request, obj) and not used

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "locks_closed":
            found.help_text = f"{found.help_text} {who_may_correct()}"
        return found

    @admin.display(description=gettext_lazy("stages"))
    def stage_names(self, pipeline: Pipeline) -> str:
        return " → ".join(stage.name for stage in pipeline.stages.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("stages")


@admin.register(ExitCriterion)
class ExitCriterionAdmin(AuditedAdmin):
    """What has to be true before an opportunity goes on from a stage."""

    list_display = ["stage_in_pipeline", "what", "text", "position"]
    list_filter = ["stage__pipeline", "what"]
    list_select_related = ["stage__pipeline"]

    @admin.display(description=gettext_lazy("stage"), ordering="stage")
    def stage_in_pipeline(self, criterion: ExitCriterion) -> str:
        return labelled(criterion.stage.pipeline, criterion.stage)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "stage":
            kwargs["queryset"] = Stage.objects.open().select_related("pipeline").order_by("pipeline", "position")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
