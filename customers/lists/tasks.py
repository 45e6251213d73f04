from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import django_filters as filters
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Verb
from crm.web import lists
from crm.web.lists import BulkAction, Column
from crm.web.lists.state import State
from customers.actions import tasks
from customers.forms.tasks import AssignForm
from customers.lists.filters import OwnerFilter, SinceFilter, TeamFilter, UntilFilter, with_customer_name
from customers.models import Task

STATES = [("open", _("open")), ("overdue", _("overdue")), ("done", _("done"))]
PRIORITY_TONES = {1: "neutral", 2: "neutral", 3: "warn"}


class TaskFilter(filters.FilterSet):
    owner = OwnerFilter()
    mine = filters.BooleanFilter(method="only_mine", label=_("my own"))
    team = TeamFilter()
    state = filters.ChoiceFilter(choices=STATES, method="in_state", label=_("state"))
    priority = filters.MultipleChoiceFilter(choices=Task.Priority.choices, label=_("priority"))
    due_since = SinceFilter(field_name="due_at", label=_("due since"))
    due_until = UntilFilter(field_name="due_at", label=_("due until"))

    class Meta:
        model = Task
        fields: list[str] = []

    def only_mine(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        mine = {"owner": self.request.user}
        return queryset.filter(**mine) if value else queryset.exclude(**mine)

    def in_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "done":
            return queryset.done()
        return queryset.overdue(timezone.now()) if value == "overdue" else queryset.open()


MINE = {"mine": "true", "state": "open"}
TABS: list[tuple[Any, dict[str, str]]] = [
    (_("Mine"), MINE),
    (_("Mine, overdue"), {"mine": "true", "state": "overdue"}),
    (_("Mine, done"), {"mine": "true", "state": "done"}),
    (_("Everybody's"), {"state": "open"}),
]


def in_order(wanted: dict[str, str]) -> dict[str, str]:
    """What is due soonest first; of what is done, the latest."""
    return {"sort": "-done_at" if wanted["state"] == "done" else "due_at"}


class TaskList(lists.List):
    kind = "task"
    model = Task
    filterset_class = TaskFilter
    select_related = ("owner", "team")
    columns = [
        Column("title", _("Title"), link=True),
        Column("due_at", _("Due"), sort="due_at", format="moment"),
        Column("priority", _("Priority"), format="badge", tones=PRIORITY_TONES),
        Column("customer", _("Customer"), value="customer_name"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("team", _("Team"), value="team.name"),
        Column("done_at", _("Done"), sort="done_at", format="ago"),
        Column("created_at", _("Created"), sort="created_at", format="ago"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    ]
    default_columns = ["title", "due_at", "priority", "customer", "owner", "done_at"]
    default_sort = "-updated_at"
    bulk_actions = [
        BulkAction("assign", _("Assign"), tasks.assign_many, verb=Verb.ASSIGN, form=AssignForm, icon="user-check"),
        lists.editing(Task, ("due_at", "priority"), tasks.update),
        lists.deleting(partial(tasks.delete, asks_next=False)),
    ]
    template_name = "customers/task/list.html"
    create_url = "task-new"
    create_label = _("New task")
    empty_title = _("No tasks yet")
    empty_text = _("A task is something to do, with an owner and a due time.")

    def read_state(self, params: QueryDict) -> State:
        """An address that says nothing opens one's own open tasks, unless the person has a view of their own."""
        if not params and not any(view.is_default for view in self.views):
            params = QueryDict(urlencode(MINE | in_order(MINE)))
        return super().read_state(params)

    def with_columns(self, queryset: QuerySet, codes: Iterable[str]) -> QuerySet:
        return with_customer_name(super().with_columns(queryset, codes), self.request.user)

    def get_context(self, state: State) -> dict[str, Any]:
        """The questions asked every day, one click each."""
        tabs = [
            {
                "label": label,
                "url": f"?{urlencode(wanted | in_order(wanted))}",
                "active": state.filters.dict() == wanted,
            }
            for label, wanted in TABS
        ]
        return {"task_tabs": tabs}
