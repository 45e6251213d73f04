"""What was done to many records at once, and taking it back: merges and bulk edits here, imports on their own pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from crm.access import kinds
from crm.actions import bulk_runs, journal, taking_back
from crm.exchange import declaring
from crm.models import BulkRun, ImportBatch, Operation
from crm.web.toasts import toast
from crm.web.way_back import leads_here

SHOWN = 100
NAMED = 50  # conflicts on the page


def _operation(request: HttpRequest, pk: int) -> Operation:
    found = Operation.objects.visible_to(request.user).select_related("by", "undone_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class OperationList(View):
    """The person's own, administrators everybody's; the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        rows = [_row(each, now) for each in Operation.objects.visible_to(request.user).select_related("by")[:SHOWN]]
        started = ImportBatch.objects.visible_to(request.user).exclude(started_at=None).select_related("by")
        rows += [_import(batch, now) for batch in started.order_by("-started_at")[:SHOWN]]
        unfinished = BulkRun.objects.visible_to(request.user).exclude(state=BulkRun.State.DONE).select_related("by")
        rows += [_unfinished(run) for run in unfinished.order_by("-pk")[:SHOWN]]
        rows.sort(key=lambda row: row["at"], reverse=True)
        return render(request, "operations/list.html", {"rows": rows[:SHOWN]})


class OperationDetail(View):
    """What undoing would do, and what it would leave alone."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(request, _operation(request, pk))

    def page(
        self,
        request: HttpRequest,
        operation: Operation,
        refusal: str = "",
        status: int = 200,
        refused: list[journal.Conflict] | None = None,
    ) -> HttpResponse:
        may_undo = operation.may_undo(timezone.now())
        run = operation.undoings.first()
        found = operation.kept
        if may_undo and run is not None:
            found = run.left
        elif may_undo:
            found = [each.as_json() for each in refused or journal.conflicts(operation)]
        context = {
            "operation": operation,
            "may_undo": may_undo,
            "run": run,
            "alone": run is not None and run.is_left_alone(timezone.now()),
            "done_by": operation.runs.first(),
            "refusal": refusal,
            "conflicts": named(request.user, found[:NAMED]),
            "more": max(len(found) - NAMED, 0),
        }
        return render(request, "operations/detail.html", context, status=status)


class OperationUndoing(OperationDetail):
    """Pressed on the operation's page one stays there; in the toast after it one stays where one works (`back`)."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        operation = _operation(request, pk)
        user: Any = request.user
        try:
            rest = request.POST.get("rest") == "1"
            operation = taking_back.take_back(operation, by=user, at=timezone.now(), rest=rest)
        except journal.Conflicts as conflicts:
            refusal = _("Some of it was changed since, so nothing was undone. Look below, and decide.")
            return self.page(request, operation, refusal, status=409, refused=conflicts.found)
        except ValidationError as error:
            return self.page(request, operation, " ".join(error.messages), status=422)
        detail, back = reverse("operation-detail", args=[operation.pk]), request.GET.get("back", "")
        if operation.undoing is not None:
            return redirect(detail)
        if not leads_here(request, back):
            toast(request, _("Undone."))
            return redirect(detail)
        toast(request, _("Undone."), link_url=detail)
        return redirect(back)


def undoing_url(operation: Operation, *, back: str) -> str:
    """For the Undo of a toast: where the person is afterwards again."""
    return f"{reverse('operation-undoing', args=[operation.pk])}?{urlencode({'back': back})}"


def named(user: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conflicts with the names of the records that the person may see, and links to them."""
    return [_conflict(each, each["label"] is not None) for each in journal.told(user, found)]


def _conflict(each: dict[str, Any], is_seen: bool) -> dict[str, Any]:
    model: Any = apps.get_model(each["table"])
    url = kinds.get(model.kind).url_for(each["id"]) if is_seen and hasattr(model, "kind") else None
    label = each["label"] if is_seen else _("one you cannot see")
    return {"what": capfirst(str(model._meta.verbose_name)), "label": label, "url": url, "reason": each["reason"]}


def _row(operation: Operation, now: Any) -> dict[str, Any]:
    state = _("undone") if operation.undone_at else _("can be undone") if operation.may_undo(now) else _("too late")
    return {
        "at": operation.at,
        "text": operation.text,
        "kind": capfirst(str(kinds.get(operation.subject_kind).label_plural)),
        "count": operation.count,
        "by": operation.by,
        "state": state,
        "tone": "info" if operation.may_undo(now) else "neutral",
        "url": reverse("operation-detail", args=[operation.pk]),
    }


def _unfinished(run: BulkRun) -> dict[str, Any]:
    """What a worker is at, or stopped at: whoever left its page finds it again here."""
    return {
        "at": run.asked_at,
        "text": bulk_runs.title_of(run),
        "kind": "",
        "count": run.total,
        "by": run.by,
        "state": run.get_state_display(),
        "tone": "bad" if run.is_failed else "info",
        "url": reverse("bulk-run-detail", args=[run.pk]),
    }


def _import(batch: ImportBatch, now: Any) -> dict[str, Any]:
    may_undo = batch.may_undo and now < batch.kept_until
    state = _("undone") if batch.undone_at else _("can be undone") if may_undo else batch.get_state_display()
    return {
        "at": batch.started_at,
        "text": _("Imported %(file)s") % {"file": batch.file_name},
        "kind": capfirst(str(declaring.get(batch.target).label_plural)),
        "count": batch.count("records_created") + batch.count("records_updated"),
        "by": batch.by,
        "state": state,
        "tone": "info" if may_undo else "neutral",
        "url": reverse("import-detail", args=[batch.pk]),
    }
