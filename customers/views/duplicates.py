"""Who it may be already, as one types; and the pairs that the scan found."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import asked, limits
from crm.web.toasts import toast
from customers.actions import duplicates
from customers.models import Contact, Customer, Duplicate, alike

CHECKS_A_MINUTE = 60
LIKE = {Customer.kind: alike.customers_like, Contact.kind: alike.contacts_like}


def kind_of(request: HttpRequest) -> str:
    """Of what the form is a new one, for whoever may create such a record."""
    kind = Contact.kind if request.POST.get("kind") == Contact.kind else Customer.kind
    guards.require(request.user, kind, Verb.CREATE)
    return kind


class DuplicateCheck(View):
    """The fragment below a new record's fields. A post, so that what is typed stands in no log."""

    def post(self, request: HttpRequest) -> HttpResponse:
        kind = kind_of(request)
        if limits.is_too_fast(request, f"duplicates-{request.user.pk}", CHECKS_A_MINUTE):
            return render(request, "customers/duplicate/_alike.html", {"is_too_fast": True})
        return render(request, "customers/duplicate/_alike.html", {"alike": LIKE[kind](request.user, request.POST)})


class Collaboration(View):
    """Ask the owner of a customer one may not see. Says nothing of it but that the question went out."""

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        found = LIKE[kind_of(request)](user, request.POST).of_team(asked.number(request.POST, "team") or 0)
        said, is_wrong = _("There is nobody to ask: nothing like it is hidden from you any more."), True
        try:
            if found and duplicates.ask_to_collaborate(found, by=user, at=timezone.now()):
                said, is_wrong = _("The owner has been asked, and will find your name in the notification."), False
        except ValidationError as refusal:
            said = " ".join(refusal.messages)
        if request.headers.get("HX-Request") == "true":
            return render(request, "customers/duplicate/_asked.html", {"said": said, "is_wrong": is_wrong})
        toast(request, said)
        return redirect("customer-list")


class Dismissal(View):
    """They are two."""

    def post(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        guards.get_permitted(Customer.objects.all(), request.user, Verb.EDIT, pk=pk)
        pairs = Duplicate.objects.visible_to(request.user).filter(first=min(pk, other_pk), second=max(pk, other_pk))
        user: Any = request.user
        duplicates.dismiss_many(pairs, by=user, at=timezone.now())
        toast(request, _("They stay two customers, and are not proposed again."))
        return redirect("duplicate-list")
