from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet, prefetch_related_objects
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from crm.access.permissions import Verb
from crm.actions import journal
from crm.custom_fields.filtering import WithCustomFields
from crm.models import User
from crm.templatetags.values import number
from crm.web.lists import BulkAction, Column, List, deleting, editing
from crm.web.lists.shared import SharedWithMe
from crm.web.lists.state import State
from customers.lists.tags import AnyTagFilter, NoTagFilter, tags_action, tags_column
from service.actions import tickets
from service.forms.tickets import AssignmentForm
from service.models import Priority, Queue, Ticket, TicketState, countdowns
from service.templatetags.sla import countdown

TABS = [
    ("next", _("To do")),
    ("mine", _("Mine")),
    ("unassigned", _("Unassigned")),
    ("team", _("My team's")),
    ("paused", _("Waiting")),
    ("resolved", _("Resolved")),
    ("all", _("All tickets")),
]
# What a countdown looks at.
ANSWER = ("first_response_at", "first_response_due_at", "first_response_target")
PROMISES = ("next_due_at", "state", "sla_policy", "resolved_at", "resolution_due_at", "resolution_target", *ANSWER)
SORTS = {"resolved": "&sort=-resolved_at"}  # nothing is due there: what was resolved last stands first


def in_tab(rows: Any, tab: str, user: Any) -> Any:
    """The tickets of one tab of the inbox."""
    return {
        "next": lambda: rows.open(),
        "mine": lambda: rows.unresolved().owned_by(user),
        "unassigned": lambda: rows.unresolved().unassigned(),
        "team": lambda: rows.unresolved().filter(team__in=user.access.subtree_ids),
        "paused": lambda: rows.paused(),
        "resolved": lambda: rows.resolved(),
        "all": lambda: rows,
    }[tab]()


class TicketFilter(WithCustomFields, django_filters.FilterSet):
    tab = django_filters.ChoiceFilter(label=_("Show"), choices=TABS, method="filter_tab")
    queue = django_filters.ModelChoiceFilter(
        label=_("Queue"), queryset=lambda request: Queue.objects.visible_to(request.user)
    )
    owner = django_filters.ModelChoiceFilter(
        label=_("Owner"), queryset=lambda request: User.objects.visible_to(request.user)
    )
    priority = django_filters.ChoiceFilter(label=_("Priority"), choices=Priority.choices)
    type = django_filters.ChoiceFilter(label=_("Type"), choices=Ticket.Type.choices)
    state = django_filters.ModelChoiceFilter(label=_("State"), queryset=TicketState.objects.all())
    late = django_filters.BooleanFilter(label=_("Late"), method="filter_late")
    shared_with_me = SharedWithMe()
    tags_any = AnyTagFilter()
    tags_none = NoTagFilter()
    opened = django_filters.DateFromToRangeFilter(label=_("Opened"), field_name="opened_at")

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()

    def filter_tab(self, queryset: Any, name: str, value: str) -> Any:
        return in_tab(queryset, value, self.request.user)

    def filter_late(self, queryset: Any, name: str, value: bool) -> QuerySet:
        now = timezone.now()
        return queryset.overdue(now) if value else queryset.exclude(next_due_at__lt=now)


@dataclass(frozen=True)
class CountdownColumn(Column):
    """The nearest promise in words on the page; its due time in an export."""

    def cells(self, rows: Sequence[Any]) -> list[SafeString]:
        """Each ticket comes with a policy of its own; the hours of each policy are read and made once for the page."""
        policies: dict[int, Any] = {}
        for row in rows:
            if row.sla_policy_id:
                row.sla_policy = policies.setdefault(row.sla_policy_id, row.sla_policy)
        prefetch_related_objects(list(policies.values()), "calendar__frames", "calendar__holidays")
        return super().cells(rows)

    def cell(self, row: Any) -> SafeString:
        shown = countdowns(row, timezone.now())
        return format_html("{}", countdown(shown[0])) if shown else number(None)


def assign_many(records: QuerySet, *, by: User, at: datetime, owner: User | None) -> int:
    others = [ticket for ticket in records if ticket.owner_id != (owner.pk if owner else None)]
    message = gettext_noop("Given to %(to)s to answer")
    with journal.recording(kind=Ticket.kind, message=message, values={"to": str(owner or "")}, by=by, at=at):
        for ticket in others:
            tickets.assign(ticket=ticket, owner=owner, by=by, at=at)
    return len(others)


def resolve_many(records: QuerySet, *, by: User, at: datetime) -> int:
    unresolved = [ticket for ticket in records.select_related("state") if not ticket.is_resolved]
    with journal.recording(kind=Ticket.kind, message=gettext_noop("Many resolved"), by=by, at=at):
        for ticket in unresolved:
            tickets.resolve(ticket=ticket, by=by, at=at)
    return len(unresolved)


def prioritise(ticket: Ticket, changes: dict[str, Any], *, by: User, at: datetime) -> Ticket:
    return tickets.prioritise(ticket=ticket, priority=changes["priority"], by=by, at=at)


def delete(ticket: Ticket, *, by: User, at: datetime) -> Ticket:
    return tickets.delete(ticket=ticket, by=by, at=at)


class TicketList(List):
    """The inbox: what is due first stands first."""

    kind = "ticket"
    model = Ticket
    filterset_class = TicketFilter
    template_name = "service/ticket/list.html"
    columns = (
        Column("number", _("Number"), sort="number", link=True),
        Column("subject", _("Subject"), link=True),
        Column("customer", _("Customer"), value="customer.name"),
        CountdownColumn("next_due_at", _("Promise"), sort="next_due_at", format="moment", reads=PROMISES),
        Column("priority", _("Priority"), sort="priority", format="badge", tones={3: "warn", 4: "bad"}),
        Column("state", _("State"), value="state", format="badge"),
        Column("owner", _("Owner"), value="owner.name", format="person"),
        Column("queue", _("Queue"), value="queue"),
        Column("team", _("Team"), value="team.name"),
        Column("type", _("Type")),
        Column("source", _("Came by")),
        Column("category", _("Category")),
        tags_column(),
        Column("contact", _("Contact"), value="contact.name"),
        Column("waiting_since", _("Customer waits since"), sort="waiting_since", format="ago"),
        Column("opened_at", _("Opened"), sort="opened_at", format="ago"),
        Column("first_response_at", _("First answered"), format="moment"),
        Column("resolved_at", _("Resolved"), sort="resolved_at", format="moment"),
        Column("reopen_count", _("Reopened"), format="number"),
        Column("updated_at", _("Changed"), sort="updated_at", format="ago"),
    )
    default_columns = ("number", "subject", "customer", "next_due_at", "priority", "state", "owner", "updated_at")
    default_sort = "next_due_at"
    select_related = ("state", "owner", "queue", "team", "customer", "contact", "sla_policy__calendar")
    bulk_actions = (
        BulkAction("assign", _("Assign"), verb=Verb.ASSIGN, form=AssignmentForm, run=assign_many, icon="user-plus"),
        BulkAction("resolve", _("Resolve"), run=resolve_many, icon="check"),
        editing(Ticket, ("priority",), prioritise),
        tags_action(),
        deleting(delete),
    )
    create_url = "ticket-new"
    create_label = _("New ticket")
    empty_title = _("No tickets yet")
    empty_text = _("When a customer asks for something, open a ticket: it keeps the deadline for you.")

    def read_state(self, params: QueryDict) -> State:
        """An address that says nothing opens what is to be done, unless the person has a view of their own."""
        if not params and not any(view.is_default for view in self.views):
            params = QueryDict("tab=next")
        return super().read_state(params)

    def get_context(self, state: State) -> dict[str, Any]:
        tab = state.filters.get("tab", "") if not state.view else ""
        url = reverse("ticket-list")
        inbox = [
            {"label": label, "url": f"{url}?tab={code}{SORTS.get(code, '')}", "active": tab == code}
            for code, label in TABS
        ]
        return {"inbox_tabs": inbox, "next_ticket": next_to_take(self.request.user)}


def next_to_take(user: Any) -> Ticket | None:
    """The open ticket nobody has that is due first, of those the person may answer."""
    said = ("number", "subject", "next_due_at", "customer__name")
    waiting = Ticket.objects.editable_by(user).open().unassigned().select_related("customer").only(*said)
    first = waiting.filter(next_due_at__isnull=False).order_by("next_due_at", "pk").first()
    return first or waiting.order_by("opened_at", "pk").first()
