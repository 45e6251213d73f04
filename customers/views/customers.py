from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.http import require_GET

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import User
from crm.web import mentions
from crm.web.toasts import toast
from customers.actions import customers
from customers.forms.customers import CollaboratorForm, CustomerForm, HandOverForm, LifecycleForm
from customers.forms.fields import find_customers
from customers.models import Customer, PooledCustomer, alike
from customers.views import beside, editing, merging, timeline
from customers.views.telling_apart import is_none_of_these


class CustomerDetail(View):
    """Everything about one customer: facts, what happened, and what the other apps know of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            customer = guards.get_visible(
                Customer.objects.select_related("owner", "team", "churn_reason"), request.user, pk=pk
            )
        except Http404:
            if master := merging.became_of(request.user, pk):
                return redirect(master.get_absolute_url())
            raise
        mentions.know([customer], "notes")
        context = {
            "customer": customer,
            **pointed_at(request.user, customer),
            "may": may(request.user, customer),
            "currency": settings.CURRENCY,
            **beside.context(customer),
        }
        if request.headers.get("HX-Target", "").endswith("#customer-facts"):
            return render(request, "customers/customer/_fresh.html", context)
        context |= {
            "log_url": f"{reverse('activity-new')}?customer={pk}",
            "task_url": f"{reverse('task-new')}?customer={pk}",
            "email_url": f"{reverse('email-new')}?customer={pk}",
            "lifecycles": [choice for choice in Customer.Lifecycle.choices if choice[0] != customer.lifecycle],
            **timeline.context(request, customer),
        }
        return render(request, "customers/customer/detail.html", context)


def pointed_at(user: Any, customer: Customer) -> dict[str, Customer | None]:
    """The customers above it and before it, where they may be seen."""
    wanted = {"parent": customer.parent_id, "referred_by": customer.referred_by_id}
    pks = [pk for pk in wanted.values() if pk]
    found = Customer.objects.visible_to(user).in_bulk(pks) if pks else {}
    return {name: found.get(pk or 0) for name, pk in wanted.items()}


def may(user: Any, customer: Customer) -> dict[str, bool]:
    """Which buttons of the page would be answered."""
    edit, is_person = editing.allows(user, customer, Verb.EDIT), customer.form == Customer.Form.PERSON
    return {
        "edit": edit,
        "tell": is_person and user.access.may("erasure", Verb.EXPORT),
        "erase": is_person and edit and user.access.may("erasure", Verb.CREATE),
        "delete": editing.allows(user, customer, Verb.DELETE),
        "assign": editing.allows(user, customer, Verb.ASSIGN),
        "claim": customer.owner_id is None and is_claimable(user, customer),
        "release": Customer.objects.visible_to(user).releasable_by(user).filter(pk=customer.pk).exists(),
        "log": user.access.may("activity", Verb.CREATE),
        "email": user.access.may("email", Verb.CREATE),
        "task": user.access.may("task", Verb.CREATE),
        "administer": user.access.administers,
    }


def is_claimable(user: Any, customer: Customer) -> bool:
    return PooledCustomer.objects.permitted(user, Verb.EDIT).filter(pk=customer.pk).exists()


class CustomerNew(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Customer.kind, Verb.CREATE)
        return self.page(CustomerForm(user=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Customer.kind, Verb.CREATE)
        form = CustomerForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form, status=422)
        found = alike.customers_like(request.user, form.cleaned_data)
        if found.all and not is_none_of_these(request, form):
            return self.page(form, status=422, found=found)
        try:
            customer = customers.create(by=request.user, at=timezone.now(), apart_from=found.all, **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("%(customer)s is created.") % {"customer": customer})
        return redirect(customer.get_absolute_url())

    def page(self, form: Any, status: int = 200, found: Any = None) -> HttpResponse:
        context = {"form": form, "alike": found, "kind": Customer.kind}
        return render(self.request, "customers/customer/form.html", context, status=status)


class CustomerEdit(editing.Edit):
    model = Customer
    form_class = CustomerForm
    template_name = "customers/customer/form.html"
    update = customers.update


class CustomerDelete(editing.Delete):
    model = Customer
    to_bin = customers.delete
    explanation = gettext_lazy("Its activities and tasks, and the people known only from it, go with it.")
    done = gettext_lazy("The customer is in the bin.")


class CustomerRestoration(editing.Restore):
    model = Customer
    from_bin = customers.restore
    done = gettext_lazy("The customer is back, with everything that was deleted with it.")


class CustomerHandOver(View):
    """Give the customer to somebody else."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.ASSIGN, pk=pk)
        return self.page(customer, HandOverForm(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.ASSIGN, pk=pk)
        form = HandOverForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(customer, form, status=422)
        customers.hand_over(customer, by=request.user, at=timezone.now(), **form.cleaned_data)
        said = {"customer": customer, "person": form.cleaned_data["to"]}
        toast(request, _("%(customer)s now belongs to %(person)s.") % said)
        still_seen = Customer.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(customer.get_absolute_url() if still_seen else reverse("customer-list"))

    def page(self, customer: Customer, form: HandOverForm, status: int = 200) -> HttpResponse:
        context = {"customer": customer, "form": form}
        return render(self.request, "customers/customer/hand_over.html", context, status=status)


class CustomerLifecycle(View):
    """Where the customer stands now. Who leaves is asked why."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(customer, LifecycleForm(user=request.user, initial={"lifecycle": Customer.Lifecycle.CHURNED}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_permitted(Customer.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = LifecycleForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(customer, form, status=422)
        said: Any = form.cleaned_data
        try:
            customer = customers.change_lifecycle(
                customer, to=said["lifecycle"], churn_reason=said["churn_reason"], by=request.user, at=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.page(customer, form, status=422)
        said = {"customer": customer, "lifecycle": customer.get_lifecycle_display()}
        toast(request, _("%(customer)s: %(lifecycle)s.") % said)
        return redirect(customer.get_absolute_url())

    def page(self, customer: Customer, form: LifecycleForm, status: int = 200) -> HttpResponse:
        context = {"customer": customer, "form": form}
        return render(self.request, "customers/customer/lifecycle.html", context, status=status)


class CustomerCollaborators(View):
    """Who else works on the customer: a panel, and the form that adds somebody."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        context = {
            "customer": customer,
            "collaborators": customer.collaborators.select_related("user").order_by("user__name"),
            "may_share": is_shareable(request.user, customer),
        }
        return render(request, "customers/customer/_collaborators.html", context)


class CollaboratorNew(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = shareable(request.user, pk)
        return self.page(customer, CollaboratorForm(customer=customer, by=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = shareable(request.user, pk)
        form = CollaboratorForm(request.POST, customer=customer, by=request.user)
        if not form.is_valid():
            return self.page(customer, form, status=422)
        person, may_edit = form.cleaned_data["user"], form.cleaned_data["may_edit"]
        customers.add_collaborator(customer, user=person, may_edit=may_edit, by=request.user, at=timezone.now())
        said = _("%(person)s works on it too now.") if may_edit else _("%(person)s may read it now.")
        toast(request, said % {"person": person})
        return editing.saved(request, customer.get_absolute_url(), collaborators_changed=None)

    def page(self, customer: Customer, form: CollaboratorForm, status: int = 200) -> HttpResponse:
        context = {"customer": customer, "form": form}
        return render(self.request, "customers/customer/collaborator_form.html", context, status=status)


class CollaboratorRemoval(View):
    def post(self, request: HttpRequest, pk: int, user_pk: int) -> HttpResponse:
        customer = shareable(request.user, pk)
        person = User.objects.visible_to(request.user).filter(pk=user_pk).first()
        if person is not None:
            customers.remove_collaborator(customer, user=person, by=request.user, at=timezone.now())
            toast(request, _("%(person)s no longer works on it.") % {"person": person})
        return redirect(customer.get_absolute_url())


def is_shareable(user: Any, customer: Customer) -> bool:
    return Customer.objects.visible_to(user).shareable_by(user).filter(pk=customer.pk).exists()


def shareable(user: Any, pk: int) -> Customer:
    """404 for the invisible, 403 for whoever may not decide who works on it."""
    customer = guards.get_visible(Customer.objects.all(), user, pk=pk)
    if not is_shareable(user, customer):
        raise PermissionDenied(_("Only its owner, or who may assign it, decides who works on it."))
    return customer


@require_GET
def options(request: HttpRequest) -> HttpResponse:
    """What a customer picker offers for what was typed so far."""
    guards.require(request.user, Customer.kind, Verb.VIEW)
    name = request.GET.get("name", "customer")  # the field that asks: what is chosen is sent under its name
    name = name if name.isidentifier() else "customer"
    text = request.GET.get("q") or request.GET.get(f"{name}_q", "")
    found = find_customers(request.user, text) if text.strip() else []
    return render(request, "customers/customer/_options.html", {"found": found, "name": name, "typed": text})
