"""What happened, what could not be delivered, and what ran."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.access import kinds
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.admin import event_lines
from crm.admin.base import ReadOnlyAdmin
from crm.events import delivering, wording
from crm.joining import labelled
from crm.models import (
    Delivery,
    Event,
    JobRun,
)


class KindFilter(admin.SimpleListFilter):
    """Kinds by their names, not by their codes."""

    title = _("kind of record")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, capfirst(str(kind.label))) for kind in kinds.all_kinds() if kind.model is not None]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(subject_kind=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "what", "subject_label", "by"]
    list_filter = [KindFilter, "at"]
    list_select_related = ["by"]
    search_fields = ["type", "subject_label"]
    show_full_result_count = False
    fields = ["at", "what", "subject_label", "by", "changes", "request_id"]

    @admin.display(description=_("What happened"), ordering="type")
    def what(self, event: Event) -> str:
        return capfirst(wording.of(event))

    @admin.display(description=_("Changes"))
    def changes(self, event: Event) -> str:
        """Before and after of each field; what is no change, by its name."""
        rows = format_html_join("", "<li>{}</li>", ((labelled(*line),) for line in event_lines.lines(event)))
        return format_html("<ul>{}</ul>", rows) if rows else "–"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What could not be delivered waits here with its error."""

    list_display = ["id", "subscriber", "what", "state", "attempts", "due_at"]
    list_filter = ["state", "subscriber"]
    list_select_related = ["event"]
    actions = ["retry"]
    show_full_result_count = False

    @admin.display(description=_("What happened"))
    def what(self, delivery: Delivery) -> str:
        return labelled(capfirst(wording.of(delivery.event)), delivery.event.subject_label)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return access_of(request.user).reach("settings", Verb.EDIT) > 0

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        dead = list(queryset.filter(state=Delivery.State.DEAD))
        for delivery in dead:
            delivering.retry(delivery, now())
        text = ngettext(
            "%(count)d delivery will be tried again.", "%(count)d deliveries will be tried again.", len(dead)
        )
        messages.info(request, text % {"count": len(dead)})


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["job", "slot", "started_at", "finished_at", "attempts"]
    list_filter = ["job"]
