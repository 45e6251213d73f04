"""Choosing columns, and keeping an arrangement under a name: each a small form in the dialog."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.access import guards
from crm.access.permissions import Verb
from crm.actions import saved_views
from crm.models import SavedView
from crm.models.sharing import audiences_open_to
from crm.web.lists.part import ListPart
from crm.web.toasts import toast


class ColumnsForm(forms.Form):
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one column.")},
    )


class Columns(ListPart):
    """Which columns the person wants to see. Remembered, except in a saved view, which has its own."""

    def form(self, data: Any = None) -> ColumnsForm:
        form = ColumnsForm(data, initial={"columns": self.state.columns})
        shown = self.state.columns
        rest = [column.code for column in self.list.all_columns() if column.code not in shown]
        form.fields["columns"].choices = [(code, self.list.column(code).label) for code in [*shown, *rest]]
        return form

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return render(request, "lists/columns.html", self.context(self.form()))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "reset" in request.POST:
            saved_views.choose_columns(list_code=self.list.code, columns=[], by=request.user)
            return redirect(f"{self.list.address()}?{self.state.query(without=['columns'])}")
        form = self.form(request.POST)
        if not form.is_valid():
            return render(request, "lists/columns.html", self.context(form), status=422)
        chosen = self.list.known_columns(form.cleaned_data["columns"])
        if self.state.chosen_columns:
            return redirect(f"{self.list.address()}?{self.state.query(columns=','.join(chosen))}")
        saved_views.choose_columns(list_code=self.list.code, columns=chosen, by=request.user)
        return redirect(self.back)

    def context(self, form: ColumnsForm) -> dict[str, Any]:
        return {"form": form, "list": self.list, "back": self.back, "post_url": self.request.get_full_path()}


class ViewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    audience = forms.ChoiceField(label=_("Who sees it"), widget=forms.RadioSelect)
    is_default = forms.BooleanField(label=_("Open the list with it"), required=False)

    def __init__(self, *args: Any, list_code: str, user: Any, view: SavedView | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.list_code, self.user, self.view = list_code, user, view
        choices = audiences_open_to(user, SavedView.kind)
        if view and view.audience not in dict(choices):
            choices = [(view.audience, view.get_audience_display()), *choices]
        self.fields["audience"].choices = choices
        self.initial.setdefault("audience", choices[0][0])

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        owner = self.view.owner if self.view else self.user
        twin = SavedView.objects.visible_to(self.user).of(self.list_code).filter(owner=owner, name=name)
        if twin.exclude(pk=self.view.pk if self.view else None).exists():
            raise forms.ValidationError(_("There is a view of this name already."))
        return name


class SaveView(ListPart):
    """Keep the arrangement the list is in now under a name."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            guards.require(request.user, SavedView.kind, Verb.CREATE)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.answer(ViewForm(list_code=self.list.code, user=request.user))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = ViewForm(request.POST, list_code=self.list.code, user=request.user)
        if not form.is_valid():
            return self.answer(form, status=422)
        view = saved_views.save(
            list_code=self.list.code, query=kept(self.state), by=request.user, at=timezone.now(), **form.cleaned_data
        )
        return redirect(f"{self.list.address()}?view={view.pk}")

    def answer(self, form: ViewForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "list": self.list, "back": self.back, "post_url": self.request.get_full_path()}
        return render(self.request, "lists/view_form.html", context, status=status)


class ChangeView(ListPart):
    """Rename or share a saved view, and let it take over the arrangement the list is in now."""

    def view(self) -> SavedView:
        lookup = {"pk": self.own_kwargs["view_pk"], "list_code": self.list.code}
        return guards.get_permitted(SavedView.objects.all(), self.request.user, Verb.EDIT, **lookup)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        view = self.view()
        initial = {"name": view.name, "audience": view.audience, "is_default": view.is_default}
        return self.answer(view, ViewForm(list_code=self.list.code, user=request.user, view=view, initial=initial))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        view = self.view()
        if "arrangement" in request.POST:
            saved_views.change(view=view, query=kept(self.state), by=request.user, at=timezone.now())
            return redirect(f"{self.list.address()}?view={view.pk}")
        form = ViewForm(request.POST, list_code=self.list.code, user=request.user, view=view)
        if not form.is_valid():
            return self.answer(view, form, status=422)
        saved_views.change(view=view, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(f"{self.list.address()}?view={view.pk}")

    def answer(self, view: SavedView, form: ViewForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "view": view,
            "list": self.list,
            "back": self.back,
            "post_url": self.request.get_full_path(),
            "delete_url": self.list.address("view-delete", view.pk),
        }
        return render(self.request, "lists/view_form.html", context, status=status)


class DeleteView(ListPart):
    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        lookup = {"pk": self.own_kwargs["view_pk"], "list_code": self.list.code}
        view = guards.get_permitted(SavedView.objects.all(), request.user, Verb.DELETE, **lookup)
        saved_views.delete(view=view, by=request.user, at=timezone.now())
        undo = self.list.address("view-restoration", view.pk)
        toast(request, _("The view “%(name)s” is deleted.") % {"name": view.name}, undo_url=undo)
        return redirect(self.list.address())


class RestoreView(ListPart):
    """Deleting a view is taken back: by whoever could delete it, while its owner has no other of this name."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        user: Any = request.user
        gone = SavedView.objects.restorable_by(user).of(self.list.code)
        view = get_object_or_404(gone, pk=self.own_kwargs["view_pk"])
        try:
            saved_views.restore(view=view, by=user, at=timezone.now())
        except ValidationError as error:
            toast(request, " ".join(error.messages), level=messages.ERROR)
            return redirect(self.list.address())
        return redirect(f"{self.list.address()}?view={view.pk}")


def kept(state: Any) -> str:
    """What a saved view keeps: also the columns, so that everybody sees the same ones."""
    params = state.arrangement()
    params["columns"] = ",".join(state.columns)
    return params.urlencode()
