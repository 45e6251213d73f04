from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web.toasts import toast
from customers.actions import contacts
from customers.forms.contacts import ContactForm, LeavingForm, NewContactForm, WorksAt
from customers.models import Contact, Customer, CustomerContact, ErasureRequest, alike
from customers.views import beside, editing, timeline
from customers.views.telling_apart import is_none_of_these


class ContactDetail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = guards.get_visible(Contact.objects.select_related("owner", "team"), request.user, pk=pk)
        context = {
            "contact": contact,
            "links": links_seen_by(request.user, contact),
            "language": dict(settings.LANGUAGES).get(contact.language, ""),
            "log_url": f"{reverse('activity-new')}?contact={pk}",
            "email_url": f"{reverse('email-new')}?contact={pk}",
            "may_email": contact.has_email and request.user.access.may("email", Verb.CREATE),
            "may_edit": editing.allows(request.user, contact, Verb.EDIT),
            "may_delete": editing.allows(request.user, contact, Verb.DELETE),
            "may_log": request.user.access.may("activity", Verb.CREATE),
            "administers": request.user.access.administers,
            "may_erase": request.user.access.may(ErasureRequest.kind, Verb.CREATE),
            "may_tell": request.user.access.may(ErasureRequest.kind, Verb.EXPORT),
            **beside.context(contact),
            **timeline.context(request, contact),
        }
        return render(request, "customers/contact/detail.html", context)


def links_seen_by(user: Any, contact: Contact) -> list[CustomerContact]:
    """Where the person works, as far as the customers can be seen."""
    seen = Customer.objects.visible_to(user).order_by().values("pk")
    return list(contact.customer_links.filter(customer__in=seen).select_related("customer"))


class ContactNew(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Contact.kind, Verb.CREATE)
        initial = {"customer": request.GET.get("customer", "")}
        return self.page(NewContactForm(user=request.user, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Contact.kind, Verb.CREATE)
        form = NewContactForm(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(form, status=422)
        found = alike.contacts_like(request.user, form.cleaned_data)
        if found.all and not is_none_of_these(request, form):
            return self.page(form, status=422, found=found)
        values = {**form.link(), **form.changes()}
        try:
            contact = contacts.create(by=request.user, at=timezone.now(), apart_from=found.all, **values)
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("%(contact)s is created.") % {"contact": contact}, link_url=contact.get_absolute_url())
        return editing.saved(request, contact.get_absolute_url(), contacts_changed=None)

    def page(self, form: Any, status: int = 200, found: Any = None) -> HttpResponse:
        context = {"form": form, "alike": found, "kind": Contact.kind}
        return render(self.request, "customers/contact/form.html", context, status=status)


class ContactEdit(editing.Edit):
    model = Contact
    form_class = ContactForm
    template_name = "customers/contact/form.html"
    update = contacts.update


class ContactDelete(editing.Delete):
    model = Contact
    to_bin = contacts.delete
    explanation = gettext_lazy("What was noted about the customers stays.")
    done = gettext_lazy("The contact is in the bin.")


class ContactRestoration(editing.Restore):
    model = Contact
    from_bin = contacts.restore
    done = gettext_lazy("The contact is back.")


class ContactLinkNew(View):
    """The person works at one more customer, or as something else there."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = guards.get_permitted(Contact.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(contact, WorksAt(user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = guards.get_permitted(Contact.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = WorksAt(request.POST, user=request.user)
        if not form.is_valid():
            return self.page(contact, form, status=422)
        try:
            contacts.link(contact, by=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            return self.page(contact, form, status=422)
        said = {"contact": contact, "customer": form.cleaned_data["customer"]}
        toast(request, _("%(contact)s works at %(customer)s.") % said)
        return redirect(contact.get_absolute_url())

    def page(self, contact: Contact, form: WorksAt, status: int = 200) -> HttpResponse:
        context = {"contact": contact, "form": form}
        return render(self.request, "customers/contact/link_form.html", context, status=status)


class ContactLeaving(View):
    """The person no longer works at the customer: the last day is asked, and the history keeps both."""

    def get(self, request: HttpRequest, pk: int, customer_pk: int) -> HttpResponse:
        contact, customer = contact_and_customer(request, pk, customer_pk)
        return self.page(contact, customer, LeavingForm(initial={"on": timezone.localdate()}))

    def post(self, request: HttpRequest, pk: int, customer_pk: int) -> HttpResponse:
        contact, customer = contact_and_customer(request, pk, customer_pk)
        form = LeavingForm(request.POST)
        if customer is None or not form.is_valid():
            return self.page(contact, customer, form, status=422)
        try:
            contacts.leave(contact, customer=customer, by=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            return self.page(contact, customer, form, status=422)
        said = {"contact": contact, "customer": customer}
        toast(request, _("%(contact)s no longer works at %(customer)s.") % said)
        return redirect(contact.get_absolute_url())

    def page(self, contact: Contact, customer: Customer | None, form: LeavingForm, status: int = 200) -> HttpResponse:
        if customer is None:
            return redirect(contact.get_absolute_url())
        context = {"contact": contact, "customer": customer, "form": form}
        return render(self.request, "customers/contact/leaving.html", context, status=status)


class ContactLinkRemoval(View):
    """It was a mistake that the person works there."""

    def post(self, request: HttpRequest, pk: int, customer_pk: int) -> HttpResponse:
        contact, customer = contact_and_customer(request, pk, customer_pk)
        if customer is not None:
            contacts.unlink(contact, customer=customer, by=request.user, at=timezone.now())
            said = {"contact": contact, "customer": customer}
            toast(request, _("%(contact)s and %(customer)s have nothing to do with each other any more.") % said)
        return redirect(contact.get_absolute_url())


class MainContact(View):
    """Whom the customer is called by."""

    def post(self, request: HttpRequest, pk: int, customer_pk: int) -> HttpResponse:
        contact, customer = contact_and_customer(request, pk, customer_pk)
        if customer is not None:
            try:
                contacts.set_main(contact, customer=customer, by=request.user, at=timezone.now())
            except ValidationError as error:
                toast(request, " ".join(error.messages), level=30)
                return redirect(contact.get_absolute_url())
            said = {"contact": contact, "customer": customer}
            toast(request, _("%(contact)s is now the main contact of %(customer)s.") % said)
        return redirect(contact.get_absolute_url())


def contact_and_customer(request: HttpRequest, pk: int, customer_pk: int) -> tuple[Contact, Customer | None]:
    """The person, and the customer unless the person has left it meanwhile."""
    contact = guards.get_permitted(Contact.objects.all(), request.user, Verb.EDIT, pk=pk)
    customers = Customer.objects.visible_to(request.user).filter(contact_links__contact=contact)
    return contact, customers.filter(pk=customer_pk).first()


class CustomerContacts(View):
    """The panel of a customer's page: the people there."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        seen = Contact.objects.visible_to(request.user).order_by().values("pk")
        context = {
            "customer": customer,
            "links": customer.contact_links.filter(contact__in=seen).select_related("contact"),
            "may_create": request.user.access.may(Contact.kind, Verb.CREATE),
        }
        return render(request, "customers/contact/_panel.html", context)
