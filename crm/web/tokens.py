"""One's own API tokens: made here, shown once, revocable at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import View

from crm.access.permissions import VERB_CHOICES, Verb
from crm.actions import tokens
from crm.models import ApiToken

DAYS = [(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))]


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=80)
    verbs = forms.MultipleChoiceField(
        label=_("It may"),
        choices=VERB_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        initial=[Verb.VIEW.value],
        help_text=_("Never more than you may yourself."),
    )
    days = forms.TypedChoiceField(label=_("Valid for"), choices=DAYS, coerce=int, initial=90)


class TokenList(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, TokenForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        at = timezone.now()
        _token, secret = tokens.issue(
            user=request.user,
            name=form.cleaned_data["name"],
            verbs=form.cleaned_data["verbs"],
            expires_at=at + timedelta(days=form.cleaned_data["days"]),
            at=at,
        )
        return self._page(request, TokenForm(), secret=secret, status=201)

    def _page(self, request: HttpRequest, form: TokenForm, status: int = 200, **extra: Any) -> HttpResponse:
        rows = [
            {"token": token, "usable": token.is_usable(timezone.now())}
            for token in ApiToken.objects.visible_to(request.user)[:200]
        ]
        return render(request, "tokens/list.html", {"form": form, "rows": rows, **extra}, status=status)


class TokenRevocation(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = get_object_or_404(ApiToken.objects.editable_by(request.user), pk=pk)
        tokens.revoke(token=token, by=request.user, at=timezone.now())
        return redirect("token-list")
