"""The page on which an administrator ends the demo and begins for real, and the first steps afterwards."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.hashers import check_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.utils import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.access.grants import access_of
from crm.models import User
from customers.models import Customer
from evaluation.actions import beginning
from evaluation.demo.people import PASSWORD


class BeginForm(forms.Form):
    confirm = forms.CharField(
        label=_("Its present name, to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(
        label=_("What your organisation is called"), max_length=120, required=False,
        help_text=_("Empty: it keeps the name of the demo."),
    )  # fmt: skip
    reset = forms.ChoiceField(
        label=_("What is configured"),
        choices=[("", _("stays as it is")), ("1", _("is put back to what a new installation has"))],
        widget=forms.RadioSelect,
        required=False,
        initial="",
    )

    def __init__(self, *args: Any, organisation: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation

    def clean_confirm(self) -> str:
        typed: str = self.cleaned_data["confirm"].strip()
        if typed != self.organisation:
            raise ValidationError(_("That is not its name."))
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    _for_administrators(request)
    shown: dict[str, Any] = {**admin.site.each_context(request), "title": _("Begin for real")}
    try:
        seen = beginning.outlook()
    except ValidationError as error:
        return render(request, "admin/begin.html", shown | {"refused": " ".join(error.messages)})
    form = BeginForm(request.POST if request.method == "POST" else None, organisation=seen.organisation.name)
    if form.is_bound and form.is_valid() and _begun(request, form):
        messages.success(request, _("The demo is taken away. The organisation is yours."))
        return redirect("home")
    status = 422 if form.is_bound else 200
    return render(request, "admin/begin.html", shown | {"seen": seen, "form": form}, status=status)


def _begun(request: HttpRequest, form: BeginForm) -> bool:
    said = form.cleaned_data
    try:
        beginning.begin(by=request.user, at=now(), reset=bool(said["reset"]), name=said["name"])  # type: ignore[arg-type]
    except ValidationError as error:
        form.add_error(None, error.messages)  # type: ignore[arg-type]
    except OperationalError:
        form.add_error(None, _("Pages or jobs are at these records. Nothing was changed; try again in a moment."))
    return not form.errors


@require_safe
def first_steps(request: HttpRequest) -> HttpResponse:
    """A panel of the home page, for administrators of a demo or of an organisation without customers."""
    _for_administrators(request)
    shown = {
        "is_demo": beginning.is_demo(),
        "is_known": _is_known(request.user.password),  # type: ignore[union-attr]
        "alone": not User.objects.active().exclude(pk=request.user.pk).exists(),  # scoped: an administrator asks
    }
    return render(request, "evaluation/_first_steps.html", shown)


@lru_cache(100)
def _is_known(encoded: str) -> bool:
    """Whether it is the password of the demo, which everybody knows who reads the manual. Comparing takes a quarter of
    a second, as it should; this is asked of the same stored password with every view of the home page."""
    return check_password(PASSWORD, encoded)


def _for_administrators(request: HttpRequest) -> None:
    if not access_of(request.user).administers:
        raise PermissionDenied(_("Your role does not allow this."))


def has_first_steps() -> bool:
    return not Customer._base_manager.exists() or beginning.is_demo()  # scoped: whether there is any
