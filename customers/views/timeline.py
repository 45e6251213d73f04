"""What happened with a customer or a contact: activities, tasks and changes in one line, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.views import View

from crm import keyset
from crm.access import guards
from crm.events import timeline
from crm.events.timeline import Before, Entry
from crm.web import mentions
from customers.models import Activity, Contact, Customer, Email

PAGE = 20
ACTIVITY_KEY, EMAIL_KEY = "activity", "email"


class Timeline(View):
    """The part of a record's page that tells its story; asked for by htmx for other kinds and older entries."""

    model: Any = Customer

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = guards.get_visible(self.model.objects.all(), request.user, pk=pk)
        values = context(request, record)
        if request.headers.get("HX-Request") != "true":
            return render(request, "customers/timeline_page.html", values)
        part = "customers/_timeline_entries.html" if values["is_older"] else "customers/_timeline.html"
        return render(request, part, values)


class ContactTimeline(Timeline):
    model = Contact


def context(request: HttpRequest, record: Any) -> dict[str, Any]:
    """Entries, filters and the way to older ones, for a page or a part of it."""
    kinds_shown = FILTERS[record.kind]
    only = request.GET.get("only", "")
    only = only if only in dict(kinds_shown) else ""
    before = read_cursor(request.GET.get("before", ""))
    entries, older = timeline.page(request.user, record, before, PAGE, only=only)
    url = reverse(f"{record.kind}-timeline", args=[record.pk])
    return {
        "record": record,
        "entries": entries,
        "is_older": before is not None,
        "older_url": f"{url}?{urlencode({'only': only, 'before': write_cursor(older)})}" if older else "",
        "timeline_url": f"{url}?only={only}",
        "timeline_tabs": [
            {"label": label, "url": f"{url}?only={kind}", "active": kind == only} for kind, label in kinds_shown
        ],
    }


FILTERS = {
    "customer": [
        ("", _("Everything")),
        ("activity", _("Activities")),
        ("task", _("Tasks")),
        ("customer", _("Changes")),
    ],
    "contact": [("", _("Everything")), ("activity", _("Activities")), ("contact", _("Changes"))],
}


def show_kind(kind: str, filter_kind: str, label: Any) -> None:
    """Upper apps offer their own kind as a filter of the customer's timeline."""
    if filter_kind not in dict(FILTERS[kind]):
        FILTERS[kind].append((filter_kind, label))


def activities_of_customer(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    return _entries(user, Activity.objects.visible_to(user).of_customer(record), before, limit)


def activities_with_contact(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    return _entries(user, Activity.objects.visible_to(user).with_contact(record), before, limit)


def activities_about(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    """For records of apps above: `timeline.add_source("ticket", activities_about, shows="activity")`."""
    return _entries(user, Activity.objects.visible_to(user).about(record), before, limit)


# One's own letters that nobody else sees; the shared ones are activities.


def letters_of_customer(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    return _letters(Email.objects.visible_to(user).private_to(user).of_customer(record), before, limit)


def letters_with_contact(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    return _letters(Email.objects.visible_to(user).private_to(user).with_contact(record), before, limit)


def letters_about(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    """For records of apps above, as activities_about: also those to a lead that were shared and are no activity."""
    return _letters(Email.objects.visible_to(user).without_activity().about(record), before, limit)


def _letters(letters: Any, before: Before, limit: int) -> list[Entry]:
    rows = _older(letters, EMAIL_KEY, before).order_by("-at", "-id").select_related("owner")[:limit]
    return [Entry(row.at, (EMAIL_KEY, row.pk), row, "customers/email/_entry.html") for row in rows]


def _older(rows: Any, name: str, before: Before) -> Any:
    if before is None:
        return rows
    at, source, key = before
    # Entries of one moment are ordered by source name first, then by id.
    if source == name:
        return keyset.after(rows, ("at", "id"), (at, key), descending=True)
    return rows.filter(at__lte=at) if source > name else rows.filter(at__lt=at)


def _entries(user: Any, activities: Any, before: Before, limit: int) -> list[Entry]:
    activities = _older(activities, ACTIVITY_KEY, before)
    people = Prefetch("contacts", Contact.objects.visible_to(user), to_attr="people")
    rows = list(activities.order_by("-at", "-id").select_related("owner").prefetch_related(people)[:limit])
    mentions.know(rows, "body")
    return [Entry(row.at, (ACTIVITY_KEY, row.pk), row, "customers/activity/_entry.html") for row in rows]


def write_cursor(cursor: Before) -> str:
    return f"{cursor[0].isoformat()}~{cursor[1]}~{cursor[2]}" if cursor else ""


def read_cursor(text: str) -> Before:
    """The place in the line, or None for a new start where the text is no place."""
    parts = text.split("~")
    if len(parts) != 3 or not parts[2].isdecimal() or len(parts[2]) > 18:
        return None
    try:
        at: datetime | None = parse_datetime(parts[0])
    except ValueError:
        return None
    return (at, parts[1], int(parts[2])) if at is not None and at.tzinfo else None
