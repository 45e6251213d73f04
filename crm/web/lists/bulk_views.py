"""A bulk action in two steps: what would happen, then doing it to exactly those rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.access import guards
from crm.actions import bulk_runs
from crm.models.operation import Operation
from crm.web import formats
from crm.web.lists import bulk_running
from crm.web.lists.bulk import AT_ONCE, LIMIT, BulkAction
from crm.web.lists.part import ListPart
from crm.web.operations import undoing_url
from crm.web.submit_once import first_time
from crm.web.toasts import toast

SHOWN = 5
DIGITS = 19  # no number of a record has as many


class Bulk(ListPart):
    """The list posts the selection and gets the dialog; the dialog posts `confirmed` with the very ids it showed."""

    @property
    def action(self) -> BulkAction:
        code = self.own_kwargs["action"]
        action = next((known for known in self.list.bulk_actions if known.code == code), None)
        if action is None:
            raise Http404
        return action

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        action = self.action
        guards.require(request.user, self.list.kind, action.verb)
        asked_for = self.selected()
        ids, self.is_cut = asked_for[:LIMIT], len(asked_for) > LIMIT
        permitted = self.permitted(ids)
        confirmed = "confirmed" in request.POST
        form = action.form(request.POST if confirmed else None, user=request.user) if action.form else None
        if confirmed and (form is None or form.is_valid()):
            if len(ids) > AT_ONCE:
                return self.leave_to_a_worker(ids, form)
            if not first_time(request):
                return redirect(self.where())
            return self.carry_out(permitted, ids, form.cleaned_data if form else {})
        return self.preview(permitted, ids, form, status=422 if confirmed else 200)

    @property
    def query(self) -> str:
        return self.request.POST.get("query", "")

    def selected(self) -> list[int]:
        """The ids the person chose: rows of the page, everything that matches, or what the dialog showed."""
        post = self.request.POST
        if "ids" in post:
            chosen: Any = post["ids"].split(",")
        elif post.get("all_matching") == "1":
            queryset, _filterset = self.list.matching(self.list.read_state(QueryDict(self.query)))
            chosen = queryset.order_by("pk").values_list("pk", flat=True)[: LIMIT + 1]
        else:
            chosen = post.getlist("row")
        return list(dict.fromkeys(int(pk) for pk in chosen if str(pk).isdecimal() and len(str(pk)) < DIGITS))

    def permitted(self, ids: list[int]) -> QuerySet:
        return bulk_running.permitted(self.list, self.action, ids)

    def preview(self, permitted: QuerySet, ids: list[int], form: Any, status: int) -> HttpResponse:
        allowed = list(permitted.values_list("pk", flat=True))
        context = {
            "action": self.action,
            "form": form,
            "list": self.list,
            "count": len(allowed),
            "skipped": len(ids) - len(allowed),
            "limit": LIMIT if self.is_cut else None,
            "by_a_worker": len(allowed) > AT_ONCE,
            "examples": [str(row) for row in permitted[:SHOWN]],
            "more": max(len(allowed) - SHOWN, 0),
            "ids": ",".join(map(str, allowed)),
            "query": self.query,
            "foretold": self.foretold(permitted) if allowed else [],
            "post_url": self.request.path,
            "back": self.where(),
        }
        return render(self.request, "lists/bulk.html", context, status=status)

    def foretold(self, permitted: QuerySet) -> list[str]:
        foretell = self.action.foretell
        return foretell(permitted, user=self.request.user, now=timezone.now()) if foretell else []

    def carry_out(self, permitted: QuerySet, ids: list[int], values: dict[str, Any]) -> HttpResponse:
        """What the action refuses is said, and nothing is changed."""
        try:
            return self.run(permitted, ids, values)
        except ValidationError as error:
            toast(self.request, " ".join(error.messages), level=messages.ERROR)
            return redirect(self.where())

    def undo_url(self, at: datetime) -> str:
        """Where it is taken back as one, if the journal has it."""
        user: Any = self.request.user
        operation = Operation.objects.filter(by=user, at=at, undone_at=None).first()  # scoped: one's own
        return undoing_url(operation, back=self.where()) if operation else ""

    def leave_to_a_worker(self, ids: list[int], form: Any) -> HttpResponse:
        """What more than one request holds is asked for here, and shown as it goes on."""
        told = {name: self.request.POST.getlist(name) for name in form.fields} if form else {}
        asked = {
            "list": self.list.url_name,
            "place": self.list.kwargs,
            "action": self.action.code,
            "form": told,
            "back": self.where(),
        }
        run = bulk_runs.ask(
            type=bulk_running.BULK, total=len(ids), ids=ids, asked=asked, by=self.request.user, at=timezone.now(),
            token=self.request.POST.get("submit_once", "")[:60],
        )  # fmt: skip
        return redirect("bulk-run-detail", pk=run.pk)

    @transaction.atomic
    def run(self, permitted: QuerySet, ids: list[int], values: dict[str, Any]) -> HttpResponse:
        records = list(permitted.values_list("pk", flat=True))
        fixed = bulk_running.fixed(self.list, self.action, records)
        at = timezone.now()
        changed = self.action.run(fixed, by=self.request.user, at=at, **values)
        count = len(records) if changed is None else changed
        done = self.action.done or ngettext("%(count)s record changed.", "%(count)s records changed.", count)
        toast(self.request, str(done) % {"count": formats.number(count)}, undo_url=self.undo_url(at))
        kept = len(ids) - (count if self.action.tells_left else len(records))
        if kept:
            toast(
                self.request,
                ngettext("%(count)s was left as it is.", "%(count)s were left as they are.", kept)
                % {"count": formats.number(kept)},
                level=messages.WARNING,
            )
        return redirect(self.where())

    def where(self) -> str:
        """Back to the list as it was, read through what the list knows."""
        return f"{self.list.address()}?{self.list.read_state(QueryDict(self.query)).query()}"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The address alone selects nothing: back to the list."""
        guards.require(request.user, self.list.kind, self.action.verb)
        messages.info(request, _("Select records in the list first."))
        return redirect(self.list.address())
