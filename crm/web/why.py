"""For administrators: why can this person see this record?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views import View

from crm.access import kinds
from crm.access.explain import why
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.models import User


class PersonForm(forms.Form):
    person = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = User.objects.visible_to(user).order_by("name")  # type: ignore[attr-defined]


class Why(View):
    def get(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        if not access_of(request.user).administers:
            raise PermissionDenied(_("Only administrators may ask this."))
        record = self._record(request, kind, pk)
        form = PersonForm(request.GET or None, user=request.user)
        answers = None
        if form.is_bound and form.is_valid():
            person = form.cleaned_data["person"]
            answers = [(verb.label, why(person, record, verb)) for verb in Verb if verb != Verb.CREATE]
        return render(request, "access/why.html", {"record": record, "form": form, "answers": answers})

    def _record(self, request: HttpRequest, code: str, pk: int) -> Any:
        try:
            kind = kinds.get(code)
        except KeyError:
            raise Http404 from None
        if kind.model is None:
            raise Http404
        model: Any = kind.model
        return get_object_or_404(model.objects.visible_to(request.user), pk=pk)
