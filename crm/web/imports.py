"""Importing a file, step by step: upload, columns, check, run, result. Each step is a resource of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import fields, guards
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.exchange import batches, declaring, error_file, previewing, profiles, saved_profiles, starting, undoing
from crm.exchange.unusable import Unusable
from crm.models import ImportBatch, ImportProfile, ImportRow
from crm.web.import_forms import ColumnsForm, UploadForm, read_as
from crm.web.toasts import toast

WILL = {
    ImportRow.Outcome.CREATED: gettext_lazy("will be created"),
    ImportRow.Outcome.UPDATED: gettext_lazy("will be updated"),
    ImportRow.Outcome.SAME: gettext_lazy("already there, unchanged"),
    ImportRow.Outcome.SKIPPED: gettext_lazy("will be left out"),
    ImportRow.Outcome.ERROR: gettext_lazy("cannot be imported"),
}
SHOWN = 50  # rows of each outcome on the page; the error file has all that failed


def _batch(request: HttpRequest, pk: int, verb: Verb = Verb.EDIT) -> ImportBatch:
    batch: ImportBatch = guards.get_permitted(ImportBatch.objects.select_related("by"), request.user, verb, pk=pk)
    withheld = fields.withheld_by(access_of(request.user).hidden)
    if batch.target in withheld or fields.hidden(batch.target) & profiles.named(batch.profile):
        raise PermissionDenied(_("This file brings a field that your role does not show."))
    return batch


class ImportList(View):
    """What was imported, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "import", Verb.VIEW)
        found = ImportBatch.objects.visible_to(request.user).select_related("by").order_by("-pk")[:100]
        rows = [
            {"batch": batch, "label": declaring.get(batch.target).label_plural, "created": batch.count("created"),
             "updated": batch.count("updated"), "errors": batch.count("error")}
            for batch in found
        ]  # fmt: skip
        return render(request, "imports/list.html", {"batches": rows})


class ImportNew(View):
    """Choose a file and what its rows are."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "import", Verb.CREATE)
        initial = {"kind": request.GET.get("kind", "")}
        return render(request, "imports/new.html", {"form": UploadForm(user=request.user, initial=initial)})

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, "import", Verb.CREATE)
        form = UploadForm(request.POST, request.FILES, user=request.user)
        if form.is_valid():
            try:
                batch = starting.upload(**form.cleaned_data, by=request.user, at=timezone.now())
            except Unusable as problem:
                form.add_error(None, str(problem))
            else:
                return redirect("import-detail" if batch.is_working else "import-columns", pk=batch.pk)
        return render(request, "imports/new.html", {"form": form}, status=422)


class ImportColumns(View):
    """Say what each column is; the first rows show what comes of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk)
        mine = ImportProfile.objects.visible_to(request.user).filter(target=batch.target)
        chosen = mine.filter(pk=request.GET["profile"]).first() if request.GET.get("profile", "").isdigit() else None
        form = ColumnsForm(batch=batch, content=chosen.content if chosen else batch.profile or None)
        return self._page(request, batch, form, 200, profiles=mine)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk)
        form = ColumnsForm(request.POST, batch=batch)
        if form.is_valid():
            try:
                at = timezone.now()
                starting.choose_and_check(batch, form.content(), at=at)
                saved_profiles.keep(batch, form.cleaned_data["save_as"], at=at)
            except Unusable as problem:
                form.add_error(None, str(problem))
            else:
                return redirect("import-detail", pk=batch.pk)
        return self._page(request, batch, form, 422)

    def _page(self, request: HttpRequest, batch: ImportBatch, form: Any, status: int, **more: Any) -> HttpResponse:
        context = {"batch": batch, "form": form, "columns": form.columns(), "read_as": read_as(batch), **more}
        return render(request, "imports/columns.html", context, status=status)


class ImportPreview(View):
    """What the first rows would become, as the form stands; changes nothing."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk)
        form = ColumnsForm(request.POST, batch=batch)
        problem, rows, heads = "", [], []
        if form.is_valid():
            try:
                heads, rows = previewing.first_rows(batch, form.content(), at=timezone.now())
            except Unusable as unusable:
                problem = str(unusable)
        else:
            problem = _("Some of the choices above need another look.")
        return render(request, "imports/_preview.html", {"problem": problem, "heads": heads, "rows": rows})


class ImportDetail(View):
    """Where an import stands: what it would do, how far it is, or what came of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk, Verb.VIEW)
        outcomes = [
            {
                "outcome": outcome,
                "will": WILL[outcome],
                "count": batch.count(outcome.value),
                "rows": _rows(batch, outcome),
            }
            for outcome in ImportRow.Outcome
            if outcome.value and batch.count(outcome.value)
        ]
        may_edit = ImportBatch.objects.editable_by(request.user).filter(pk=pk).exists()
        context = {"batch": batch, "outcomes": outcomes, "may_edit": may_edit, "kept": undoing.kept(batch)[:SHOWN]}
        if count := batch.count("alike"):
            told = batch.lines.filter(outcome=ImportRow.Outcome.CREATED).exclude(reason="")
            context["alike"] = {"count": count, "rows": _as_shown(batch, told[:SHOWN])}
        return render(request, "imports/detail.html", context)


class ImportProgress(View):
    """The fragment that asks again until the work is done."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk, Verb.VIEW)
        response = render(request, "imports/_progress.html", {"batch": batch})
        if not batch.is_working:
            response["HX-Refresh"] = "true"
        return response


class ImportRun(View):
    """Do what the check showed, in the background."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk)
        return _do(request, batch, lambda: starting.run(batch, at=timezone.now()))


class ImportUndoing(View):
    """Take an import back."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = _batch(request, pk)
        force = request.POST.get("force") == "1"
        return _do(request, batch, lambda: starting.undo(batch, at=timezone.now(), force=force))


class ImportErrors(View):
    """The rows that did not make it, as a file."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse | StreamingHttpResponse:
        batch = _batch(request, pk, Verb.VIEW)
        response = StreamingHttpResponse(error_file.lines(batch), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-errors.csv"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


def _rows(batch: ImportBatch, outcome: str) -> list[dict[str, Any]]:
    return _as_shown(batch, batch.lines.filter(outcome=outcome)[:SHOWN])


def _as_shown(batch: ImportBatch, found: Iterable[ImportRow]) -> list[dict[str, Any]]:
    return [
        {"row": row, "cells": " · ".join(cell for cell in row.cells if cell)[:200],
         "changes": [(batches.field_label(batch, name), *change) for name, change in row.changes.items()]}
        for row in found
    ]  # fmt: skip


def _do(request: HttpRequest, batch: ImportBatch, action: Any) -> HttpResponse:
    try:
        action()
    except Unusable as problem:
        toast(request, problem, level=40)
    return redirect("import-detail", pk=batch.pk)
