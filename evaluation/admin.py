"""What administrators configure of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from crm.admin import AuditedAdmin
from evaluation.forms.cycles import kpi_choices
from evaluation.lists import goal as goal_list
from evaluation.models import CycleTemplate, Goal


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


class Retired(admin.SimpleListFilter):
    """Without a question those that are not: a target of the past is nobody's any more."""

    title = _("retired")
    parameter_name = "retired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("yes"))]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for value, said in ((None, _("no")), ("1", _("yes"))):
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": self.value() == value, "query_string": query, "display": said}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Goal]) -> QuerySet[Goal]:
        return queryset.filter(retired_at__isnull=self.value() is None)


@admin.register(Goal)
class GoalAdmin(admin.ModelAdmin):
    """Targets are found beside all else that is configured. Set and revised they are by the form that managers have:
    shares are typed in percent and times in hours there, a revision takes its reason, and its owner is asked anew."""

    list_display = ["kpi_name", "scope", "level", "period_kind", "owner", "starts_on", "ends_on"]
    list_filter = [Retired, "period_kind", "team"]
    list_select_related = ["owner"]
    search_fields = ["kpi_code", "scope_name", "owner__name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Goal]:
        return super().get_queryset(request).filter(deleted_at=None)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("goal-new")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        goal = self.get_object(request, object_id)
        if goal is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return redirect("goal-edit" if goal.is_active else "goal-detail", goal.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Goal | None = None) -> bool:
        return False  # it is retired, with a reason

    @admin.display(description=_("KPI"), ordering="kpi_code")
    def kpi_name(self, goal: Goal) -> str:
        return str(goal.kpi.name)

    @admin.display(description=_("For"), ordering="scope_kind")
    def scope(self, goal: Goal) -> str:
        return goal_list.scope_name(goal)

    @admin.display(description=_("Target"))
    def level(self, goal: Goal) -> str:
        return goal_list.level(goal)
