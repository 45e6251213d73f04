"""Two customers become one: compare, choose, see what moves, merge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.operations import undoing_url
from crm.web.toasts import toast
from customers.actions import merging
from customers.forms.merging import MergeForm, OtherForm
from customers.models import Customer, Duplicate, following


class NoOther(Exception):
    """The one to be merged is not there, or not to be seen."""


class Merge(View):
    """`pk` stays, `other_pk` goes into it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Where the other one is not there any more, another can be chosen."""
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]
        except NoOther:
            toast(request, _("There is no such customer, or it is not yours to see."), level=messages.WARNING)
            return redirect("customer-merge-with", pk=kwargs["pk"])

    def get(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        master, other = self.both(pk, other_pk)
        return self.page(master, other, MergeForm(master=master, other=other, user=self.user))

    def post(self, request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
        master, other = self.both(pk, other_pk)
        form = MergeForm(request.POST, master=master, other=other, user=self.user)
        if not form.is_valid():
            return self.page(master, other, form, status=422)
        at = timezone.now()
        try:
            done = merging.merge(master, other, chosen=form.chosen(), by=self.user, at=at, versions=form.versions)
        except StaleVersion:
            master, other = self.both(pk, other_pk)
            fresh = MergeForm(master=master, other=other, user=self.user)
            return self.page(master, other, fresh, status=409, is_stale=True)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
            return self.page(master, other, form, status=422)
        said = _("%(other)s is part of %(master)s now.") % {"other": other, "master": master}
        toast(request, said, undo_url=undoing_url(done, back=master.get_absolute_url()))
        return redirect(master.get_absolute_url())

    @property
    def user(self) -> Any:
        return self.request.user

    def both(self, pk: int, other_pk: int) -> tuple[Customer, Customer]:
        """Visible but not to edit is 403, of either; a customer is not merged with itself."""
        master = self.one(pk)
        try:
            other = self.one(other_pk)
        except Http404:
            raise NoOther from None
        if master == other:
            raise NoOther
        return master, other

    def one(self, pk: int) -> Customer:
        found: Customer = guards.get_permitted(
            Customer.objects.select_related("owner", "parent"), self.user, Verb.EDIT, pk=pk
        )
        return found

    def page(
        self, master: Customer, other: Customer, form: MergeForm, status: int = 200, is_stale: bool = False
    ) -> HttpResponse:
        pair = sorted((master, other), key=lambda each: each.pk)
        context = {
            "master": master,
            "other": other,
            "form": form,
            "is_stale": is_stale,
            "moving": moving(self.user, other),
            "duplicate": Duplicate.objects.visible_to(self.user).open().filter(first=pair[0], second=pair[1]).first(),
        }
        return render(self.request, "customers/merge/page.html", context, status=status)


class MergeWith(View):
    """With which: any of those that the person may edit."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(customer, OtherForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = OtherForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(customer, form, status=422)
        return redirect("customer-merge", pk=pk, other_pk=form.cleaned_data["customer"].pk)

    def page(self, customer: Customer, form: OtherForm, status: int = 200) -> HttpResponse:
        context = {"customer": customer, "form": form}
        return render(self.request, "customers/merge/choose.html", context, status=status)


def moving(user: Any, other: Customer) -> list[tuple[str, int]]:
    """How many of each the person sees move; of what cannot be seen nothing is said but that it moves too."""
    found = []
    for follower in following.moving():
        model = follower.model
        everything = model.objects.all()  # scoped: narrowed below; links belong to a customer that can be edited
        rows = everything.visible_to(user) if hasattr(everything, "visible_to") else everything
        count = rows.filter(**{follower.column: other.pk}, **follower.narrowed).count()
        if count:
            found.append((capfirst(str(follower.title or model._meta.verbose_name_plural)), count))
    return found


def became_of(user: Any, pk: int) -> Customer | None:
    """The customer that a merged one became, for whoever may see that."""
    master = merging.became(pk)
    return Customer.objects.visible_to(user).filter(pk=master).first() if master else None
