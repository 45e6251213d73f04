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
from crm.jobs import schedule
from crm.joining import labelled
from crm.models import Delivery, Event, JobRun, failure
from crm.web import formats


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

    def called(self, obj: Event) -> str:
        return labelled(self.what(obj), obj.subject_label)

    @admin.display(description=_("Changes"))
    def changes(self, event: Event) -> str:
        """Before and after of each field; what is no change, by its name."""
        rows = format_html_join("", "<li>{}</li>", ((labelled(*line),) for line in event_lines.lines(event)))
        return format_html("<ul>{}</ul>", rows) if rows else "–"


def may_try_again(request: HttpRequest) -> bool:
    return access_of(request.user).reach("settings", Verb.EDIT) > 0


class FailureColumns:
    """What went wrong in one line, and on the page of its own the trace that developers ask for."""

    @admin.display(description=_("What went wrong"))
    def problem(self, failed: Any) -> str:
        return failure.sentence(failed.error) or formats.NOTHING

    @admin.display(description=_("Trace, for whoever looks after the software"))
    def trace(self, failed: Any) -> str:
        return format_html("<pre>{}</pre>", failed.error) if failed.error else formats.NOTHING


@admin.register(Delivery)
class DeliveryAdmin(FailureColumns, ReadOnlyAdmin):
    """What could not be delivered waits here with its error."""

    list_display = ["id", "subscriber", "what", "state", "attempts", "due_at", "problem"]
    list_filter = ["state", "subscriber"]
    list_select_related = ["event"]
    fields = ["event", "subscriber", "what", "state", "attempts", "due_at", "done_at", "problem", "trace"]
    actions = ["retry"]
    show_full_result_count = False

    @admin.display(description=_("What happened"))
    def what(self, delivery: Delivery) -> str:
        return labelled(capfirst(wording.of(delivery.event)), delivery.event.subject_label)

    def called(self, obj: Delivery) -> str:
        return self.what(obj)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return may_try_again(request)

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        dead = list(queryset.filter(state=Delivery.State.DEAD))
        for delivery in dead:
            delivering.retry(delivery, now())
        text = ngettext(
            "%(count)d delivery will be tried again.", "%(count)d deliveries will be tried again.", len(dead)
        )
        messages.info(request, text % {"count": len(dead)})


class HowItWentFilter(admin.SimpleListFilter):
    title = _("how it went")
    parameter_name = "went"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failed", _("failed")), ("done", _("done"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == "failed":
            found: QuerySet = queryset.failed()
            return found
        return queryset.done() if self.value() == "done" else queryset


class JobFilter(admin.SimpleListFilter):
    """Jobs by what they are for."""

    title = _("job")
    parameter_name = "job"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return sorted(((job.name, schedule.in_words(job.name)) for job in schedule.all_jobs()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(job=self.value()) if self.value() else queryset


@admin.register(JobRun)
class JobRunAdmin(FailureColumns, ReadOnlyAdmin):
    """What ran by the clock, and what of it failed."""

    list_display = ["what", "slot", "went", "started_at", "finished_at", "attempts", "problem"]
    list_filter = [HowItWentFilter, JobFilter]
    fields = ["what", "slot", "went", "started_at", "finished_at", "attempts", "problem", "trace"]
    actions = ["retry"]
    show_full_result_count = False

    @admin.display(description=_("job"), ordering="job")
    def what(self, run: JobRun) -> str:
        return schedule.in_words(run.job)

    def called(self, obj: JobRun) -> str:
        return self.what(obj)

    @admin.display(description=_("how it went"))
    def went(self, run: JobRun) -> str:
        if run.finished_at:
            return _("done")
        if not run.error:
            return _("running") if run.attempts else _("pending")
        return _("given up") if run.attempts >= schedule.ATTEMPTS else _("will be tried again")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return may_try_again(request)

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        failed = list(queryset.failed())
        for run in failed:
            schedule.retry(run)
        text = ngettext("%(count)d job will be tried again.", "%(count)d jobs will be tried again.", len(failed))
        messages.info(request, text % {"count": len(failed)})
