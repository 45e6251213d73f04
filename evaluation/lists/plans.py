from __future__ import annotations

from typing import Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.web.lists import Column, List
from evaluation.models import ActionPlan

TONES = {"running": "info", "effect_due": "warn", "effect_measured": "good"}


def people(request: Any) -> Any:
    return User.objects.visible_to(request.user)


class ActionPlanFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(label=_("state"), choices=ActionPlan.State.choices)
    owner = filters.ModelChoiceFilter(label=_("owner"), queryset=people)
    effect_due_on = filters.DateFromToRangeFilter(label=_("effect due"))


class ActionPlanList(List):
    kind = "action_plan"
    model = ActionPlan
    filterset_class = ActionPlanFilter
    select_related = ("owner", "team")
    columns = (
        Column("name", _("Name"), sort="name", link=True),
        Column("kpi", _("KPI"), value="kpi.name"),
        Column("scope", _("About"), value="subject"),
        Column("state", _("State"), format="badge", sort="state", tones=TONES),
        Column("owner", _("Owner"), value="owner.name"),
        Column("due_on", _("Steps due"), sort="due_on", format="day"),
        Column("effect_due_on", _("Effect due"), sort="effect_due_on", format="day"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    )
    default_columns = ("name", "kpi", "scope", "state", "owner", "effect_due_on")
    default_sort = "-updated_at"
    create_url = "plan-new"
    create_label = _("New action plan")
    empty_title = _("No action plans yet")
    empty_text = _("A plan says what is done about a number, and is measured when its effect is due.")
