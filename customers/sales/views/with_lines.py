"""Making and editing a record together with its lines: an order, a quote."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import Record, StaleVersion
from crm.web.forms import RecordForm
from crm.web.submit_once import first_time
from crm.web.toasts import toast


class New(ABC, View):
    model: ClassVar[type[Record]]
    form_class: ClassVar[type[RecordForm]]
    create: ClassVar[Callable[..., Any]]  # the action
    done: ClassVar[Any]  # what is said afterwards of its number

    @abstractmethod
    def initial(self) -> dict[str, Any]:
        """What the form says when it is opened."""

    @abstractmethod
    def lines(self, form: Any, data: Any = None) -> Any:
        """The forms of its lines, with what was typed where something was."""

    @abstractmethod
    def show(self, form: Any, lines: Any, status: int = 200) -> HttpResponse:
        """The page with the two."""

    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, self.model.kind, Verb.CREATE)
        form = self.form_class(user=request.user, initial=self.initial())
        return self.show(form, self.lines(form))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, self.model.kind, Verb.CREATE)
        form = self.form_class(request.POST, user=user, initial=self.initial())
        lines = self.lines(form, request.POST)
        if not (form.is_valid() and lines.is_valid()):
            return self.show(form, lines, status=422)
        if not first_time(request):
            return redirect(f"{self.model.kind}-list")
        values = form.changes()
        values["owner"] = values.get("owner") or user
        try:
            record = type(self).create(lines=lines.lines(), by=user, at=timezone.now(), **values)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.show(form, lines, status=422)
        toast(request, self.done % {"number": record})
        return redirect(record.get_absolute_url())


class Edit(ABC, View):
    """Whoever saves second sees what the other wrote, and loses nothing of what they typed, lines and all."""

    form_class: ClassVar[type[RecordForm]]
    update: ClassVar[Callable[..., Any]]  # the action

    @abstractmethod
    def editable(self, pk: int) -> Any:
        """The record, read anew, if the person may change it."""

    @abstractmethod
    def lines(self, record: Any, data: Any = None) -> Any:
        """The forms of its lines, with what was typed where something was."""

    @abstractmethod
    def show(self, form: Any, lines: Any, record: Any, status: int = 200) -> HttpResponse:
        """The page with the two."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.editable(pk)
        return self.show(self.form_class(instance=record, user=request.user), self.lines(record), record)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.editable(pk)
        form = self.form_class(request.POST, instance=self.editable(pk), user=request.user)
        lines = self.lines(record, request.POST)
        if not (form.is_valid() and lines.is_valid()):
            return self.show(form, lines, record, status=422)
        seen = {"version": form.cleaned_data["version"], "base": form.base()}
        try:
            type(self).update(record, form.changes(), lines=lines.lines(), by=request.user, at=timezone.now(), **seen)
        except StaleVersion as stale:
            return self._conflict(request, record, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.show(form, lines, record, status=422)
        toast(request, _("Saved."))
        return redirect(record.get_absolute_url())

    def _conflict(self, request: HttpRequest, record: Any, stale: StaleVersion) -> HttpResponse:
        """What was typed, lines and all, with what the others wrote; saved again it counts."""
        theirs: Any = stale.record
        data = request.POST.copy()
        data["version"] = str(theirs.version)
        form = self.form_class(data, instance=self.editable(record.pk), user=request.user)
        form.add_error(None, _("Somebody else changed this meanwhile. Compare, then save again to keep yours."))
        for name in stale.fields:
            if name in form.fields:
                form.add_error(name, _("Theirs: %(value)s") % {"value": getattr(theirs, name)})
        return self.show(form, self.lines(theirs, request.POST), record, status=409)
