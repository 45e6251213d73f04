"""How far a bulk action is that a worker does, and what came of it: done, left out with the reason, undo."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views import View

from crm.actions import bulk_runs
from crm.models import BulkRun
from crm.web import formats
from crm.web.operations import named, undoing_url
from crm.web.toasts import toast
from crm.web.way_back import leads_here

SHOWN = 100  # of those left out


def _run(request: HttpRequest, pk: int) -> BulkRun:
    found = BulkRun.objects.visible_to(request.user).select_related("by", "operation", "undoes").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


class BulkRunDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = _run(request, pk)
        if run.undoes is not None:
            return redirect("operation-detail", pk=run.undoes.pk)
        back = run.asked.get("back", "")
        operation = run.operation if run.operation is not None and run.operation.may_undo(timezone.now()) else None
        context: dict[str, Any] = {
            "run": run,
            "alone": run.is_left_alone(timezone.now()),
            "title": bulk_runs.title_of(run),
            "left": named(request.user, run.left[:SHOWN]),
            "more": max(run.left_count - SHOWN, 0),
            "undo_url": undoing_url(operation, back=request.path) if operation and not run.is_working else "",
            "back": back if leads_here(request, back) else "",
        }
        return render(request, "operations/run.html", context)


class BulkRunProgress(View):
    """The fragment that asks again until the work is done."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = _run(request, pk)
        response = render(
            request, "operations/_progress.html", {"run": run, "alone": run.is_left_alone(timezone.now())}
        )
        if not run.is_working:
            response["HX-Refresh"] = "true"
        return response


class BulkRunGoingOn(View):
    """One that stopped goes on where it was."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        bulk_runs.go_on(_run(request, pk), at=timezone.now())
        return redirect("bulk-run-detail", pk=pk)


class BulkRunStopping(View):
    """It ends where it is; its page says how many were changed, with Undo and a way to go on."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = bulk_runs.stop(_run(request, pk), by=request.user, at=timezone.now())
        if run.is_stopped:
            said = ngettext(
                "Stopped: %(count)s record was changed.", "Stopped: %(count)s records were changed.", run.changed
            )
            toast(request, said % {"count": formats.number(run.changed)})
        return redirect("bulk-run-detail", pk=pk)
