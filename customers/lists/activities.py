from __future__ import annotations

from collections.abc import Iterable

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.web import lists
from crm.web.lists import Column
from customers.lists.filters import OwnerFilter, SinceFilter, TeamFilter, UntilFilter, with_customer_name
from customers.models import Activity

OUTCOME_TONES = {"positive": "good", "reached": "info", "not_reached": "warn", "negative": "bad"}


class ActivityFilter(filters.FilterSet):
    owner = OwnerFilter(label=_("person"))
    team = TeamFilter()
    type = filters.MultipleChoiceFilter(choices=Activity.Type.choices, label=_("type"))
    direction = filters.MultipleChoiceFilter(choices=Activity.Direction.choices, label=_("direction"))
    outcome = filters.MultipleChoiceFilter(choices=Activity.Outcome.choices, label=_("outcome"))
    since = SinceFilter(field_name="at", label=_("since"))
    until = UntilFilter(field_name="at", label=_("until"))

    class Meta:
        model = Activity
        fields: list[str] = []


class ActivityList(lists.List):
    kind = "activity"
    model = Activity
    filterset_class = ActivityFilter
    select_related = ("owner", "team")
    columns = [
        Column("at", _("When"), sort="at", format="moment"),
        Column("type", _("Type")),
        Column("subject", _("Subject"), link=True),
        Column("customer", _("Customer"), value="customer_name"),
        Column("direction", _("Direction")),
        Column("outcome", _("Outcome"), format="badge", tones=OUTCOME_TONES),
        Column("duration", _("Duration"), format="duration"),
        Column("owner", _("Person"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
    ]
    default_columns = ["at", "type", "subject", "customer", "outcome", "owner"]
    default_sort = "-at"
    create_url = "activity-new"
    create_label = _("Log an activity")
    empty_title = _("Nothing noted yet")
    empty_text = _("Log a call, a visit or a message with its next step: it takes ten seconds.")

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        return with_customer_name(super().with_columns(queryset, codes), self.request.user)
