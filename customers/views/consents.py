"""What a contact allows: shown on their page, noted in a dialog."""

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
from crm.web.toasts import toast
from customers.actions import consents
from customers.forms.consents import ConsentForm
from customers.models import Consent, Contact, Purpose, Unsubscription
from customers.models.consent import current_of

HISTORY = 20


def context(contact: Contact) -> dict[str, Any]:
    """What `customers/consent/_consents.html` shows: where they stand for each purpose, and what was said before."""
    current = current_of(contact)
    purposes = Purpose.objects.all()  # scoped: configuration that everybody reads
    history = contact.consents.select_related("purpose", "by")[:HISTORY]
    standing = [
        (purpose, current.get(purpose.pk)) for purpose in purposes if purpose.is_active or purpose.pk in current
    ]
    return {
        "purposes": standing,
        "consents": history,
        "unsubscribed": Unsubscription.objects.in_force().of_contact(contact),  # scoped: of a contact that is seen
    }


class ConsentNew(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = guards.get_permitted(Contact.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(contact, ConsentForm(initial={"said_at": timezone.localtime(timezone.now())}))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        contact = guards.get_permitted(Contact.objects.all(), request.user, Verb.EDIT, pk=pk)
        form = ConsentForm(request.POST)
        if not form.is_valid():
            return self.page(contact, form, 422)
        try:
            self.note(contact, form.cleaned_data)
        except ValidationError as refusal:
            form.add_action_errors(refusal)
            return self.page(contact, form, 422)
        toast(request, _("Saved."))
        return redirect(contact.get_absolute_url())

    def note(self, contact: Contact, said: dict[str, Any]) -> None:
        given: Any = {
            "purpose": said["purpose"],
            "by": self.request.user,
            "at": timezone.now(),
            "source": said["source"],
        }
        if said["state"] == Consent.State.GIVEN:
            consents.give(contact, basis=said["basis"], given_at=said["said_at"], **given)
        else:
            consents.withdraw(contact, withdrawn_at=said["said_at"], **given)

    def page(self, contact: Contact, form: ConsentForm, status: int = 200) -> HttpResponse:
        return render(self.request, "customers/consent/form.html", {"contact": contact, "form": form}, status=status)
