"""What new, edit, delete and restore have in common for every noun of this app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from crm.access import guards, kinds
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.dialogs import close_dialog, is_dialog
from crm.web.forms import conflict
from crm.web.toasts import toast


def saved(request: HttpRequest, to: str, **events: Any) -> HttpResponse:
    """After a form over a page: stay there and let its parts load again. After a page: go to the record."""
    return close_dialog(**events) if is_dialog(request) and events else redirect(to)


def allows(user: Any, record: Any, verb: Verb) -> bool:
    """Whether a button for this would be answered."""
    return type(record).objects.permitted(user, verb).filter(pk=record.pk).exists()


class Edit(View):
    """Edit one record: 409 shows both versions when somebody saved first."""

    model: ClassVar[Any]
    form_class: ClassVar[Any]
    template_name: ClassVar[str]
    update: ClassVar[Callable[..., Any]]
    done: ClassVar[Any] = _("Saved.")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = guards.get_permitted(self.model.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(self.form_class(instance=record, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = guards.get_permitted(self.model.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = self.form_class(request.POST, instance=record, user=request.user)
        if not form.is_valid():
            return self.page(form, status=422)
        try:
            record = self.save(record, form)
        except StaleVersion as stale:
            return conflict(request, form, stale)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, self.done)
        return redirect(record.get_absolute_url())

    def save(self, record: Any, form: Any) -> Any:
        return type(self).update(
            record,
            form.changes(),
            by=self.request.user,
            at=timezone.now(),
            version=form.cleaned_data["version"],
            base=form.base(),
            **self.more(form),
        )

    def more(self, form: Any) -> dict[str, Any]:
        """What else the action is told."""
        return {}

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "record": form.instance}
        return render(self.request, self.template_name, context, status=status)


class Delete(View):
    """Ask, then move to the bin. An Undo posts here too, hence no form of its own."""

    model: ClassVar[Any]
    to_bin: ClassVar[Callable[..., Any]]  # not "delete": that would answer the DELETE method
    explanation: ClassVar[Any] = ""
    done: ClassVar[Any]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = guards.get_permitted(self.model.objects.all(), request.user, Verb.DELETE, pk=pk)
        context = {"record": record, "kind": kinds.of(record).label, "explanation": self.explanation}
        return render(request, "customers/deletion.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = guards.get_permitted(self.model.objects.all(), request.user, Verb.DELETE, pk=pk)
        try:
            type(self).to_bin(record, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect(record.get_absolute_url())
        undo = kinds.of(record).detail_url.replace("-detail", "-restoration")  # type: ignore[union-attr]
        toast(request, self.done, undo_url=redirect(undo, pk=pk)["Location"])
        return redirect(self.afterwards(record))

    def afterwards(self, record: Any) -> str:
        return f"{self.model.kind}-list"


class Restore(View):
    """Take a record out of the bin: for whoever could have put it there."""

    model: ClassVar[Any]
    from_bin: ClassVar[Callable[..., Any]]
    done: ClassVar[Any]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = get_object_or_404(self.model.objects.restorable_by(request.user), pk=pk)
        try:
            record = type(self).from_bin(record, by=request.user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=40)
            return redirect(f"{self.model.kind}-list")
        toast(request, self.done)
        return redirect(record.get_absolute_url())
