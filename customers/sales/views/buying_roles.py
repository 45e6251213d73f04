"""Who has a say in a sale: the panel of the opportunity, its dialogs, and where a contact has a say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.toasts import toast
from customers.models import Contact
from customers.sales.actions import buying_roles
from customers.sales.forms.buying_roles import BuyingRoleForm, NewPersonForm
from customers.sales.models import BuyingRole, Opportunity, OpportunityContact
from customers.views import editing

SHOWN = 10
ORDER = {role: place for place, role in enumerate(BuyingRole.values)}


@dataclass(frozen=True)
class Person:
    """A line of the panel; the main contact stands there too where nobody has said as what."""

    row: OpportunityContact
    is_main: bool


class OpportunityPeople(View):
    """Those the reader may see, the main contact first, then by role; the others are counted."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        opportunity = guards.get_visible(Opportunity.objects.all(), user, pk=pk)
        rows = list(
            OpportunityContact.objects.visible_to(user).filter(opportunity=opportunity).select_related("contact")
        )
        people = [Person(row, row.contact_id == opportunity.contact_id) for row in rows]
        if opportunity.contact_id and not any(one.is_main for one in people):
            people += self._without_role(user, opportunity)
        people.sort(key=lambda one: (not one.is_main, ORDER.get(one.row.role, 0), one.row.contact.sort_name))
        context = {
            "opportunity": opportunity,
            "people": people,
            "hidden": opportunity.people.count() - len(rows),
            "knows_buyer": any(one.row.role == BuyingRole.ECONOMIC for one in people),
            "may_edit": editing.allows(user, opportunity, Verb.EDIT),
        }
        return render(request, "sales/panels/people.html", context)

    def _without_role(self, user: Any, opportunity: Opportunity) -> list[Person]:
        if opportunity.people.filter(contact=opportunity.contact_id).exists():
            return []
        main = Contact.objects.visible_to(user).filter(pk=opportunity.contact_id).first()
        return [Person(OpportunityContact(opportunity=opportunity, contact=main), True)] if main else []


class PersonNew(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        return page(request, opportunity, NewPersonForm(opportunity=opportunity, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        form = NewPersonForm(request.POST, opportunity=opportunity, user=request.user)
        contact = form.cleaned_data["person"] if form.is_valid() else None
        return write(request, opportunity, contact, form)


class PersonEdit(View):
    def get(self, request: HttpRequest, pk: int, contact_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = row_of(request, opportunity, contact_pk)
        return page(request, opportunity, BuyingRoleForm.of(row), row.contact) if row else gone(request, opportunity)

    def post(self, request: HttpRequest, pk: int, contact_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = row_of(request, opportunity, contact_pk)
        if row is None:
            return gone(request, opportunity)
        return write(request, opportunity, row.contact, BuyingRoleForm(request.POST))


class PersonRemoval(View):
    def post(self, request: HttpRequest, pk: int, contact_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = row_of(request, opportunity, contact_pk)
        if row is not None:
            buying_roles.remove(opportunity, row.contact, by=request.user, at=timezone.now())
            toast(request, _("%(contact)s has no part in it any more.") % {"contact": row.contact})
        return redirect(opportunity.get_absolute_url())


class ContactOpportunities(View):
    """On the contact's page: where the person is the main contact or has a say; the open ones first."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        contact = guards.get_visible(Contact.objects.all(), user, pk=pk)
        takes_part = Q(contact=contact) | Q(pk__in=contact.buying_roles.values("opportunity"))
        theirs = Opportunity.objects.visible_to(user).filter(takes_part).select_related("stage")
        shown = list(theirs.order_by(F("closed_at").desc(nulls_first=True), "-updated_at", "-pk")[: SHOWN + 1])
        roles = {row.opportunity_id: row for row in contact.buying_roles.filter(opportunity__in=shown)}
        for opportunity in shown:
            opportunity.part = roles.get(opportunity.pk)  # type: ignore[attr-defined]
        context = {
            "opportunities": shown[:SHOWN],
            "more": len(shown) > SHOWN,
            "may_view": user.access.may(Opportunity.kind, Verb.VIEW),
        }
        return render(request, "sales/panels/contact_opportunities.html", context)


def write(request: HttpRequest, opportunity: Opportunity, contact: Any, form: BuyingRoleForm) -> HttpResponse:
    shown = None if isinstance(form, NewPersonForm) else contact
    if not form.is_valid():
        return page(request, opportunity, form, shown, status=422)
    try:
        buying_roles.note(opportunity, contact, by=request.user, at=timezone.now(), **form.said())
    except StaleVersion:
        form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
        return page(request, opportunity, form, shown, status=409)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return page(request, opportunity, form, shown, status=422)
    toast(request, _("Saved."))
    return redirect(opportunity.get_absolute_url())


def page(
    request: HttpRequest, opportunity: Opportunity, form: BuyingRoleForm, contact: Any = None, status: int = 200
) -> HttpResponse:
    context = {"opportunity": opportunity, "form": form, "contact": contact}
    return render(request, "sales/opportunity/person.html", context, status=status)


def gone(request: HttpRequest, opportunity: Opportunity) -> HttpResponse:
    toast(request, _("It was removed meanwhile."))
    return redirect(opportunity.get_absolute_url())


def row_of(request: HttpRequest, opportunity: Opportunity, contact_pk: int) -> OpportunityContact | None:
    """What is said of a contact whom the editor may see; of the main one perhaps nothing yet."""
    rows = OpportunityContact.objects.visible_to(request.user).filter(opportunity=opportunity, contact=contact_pk)
    row = rows.select_related("contact", "opportunity").first()
    if row is None and opportunity.contact_id == contact_pk:
        main = Contact.objects.visible_to(request.user).filter(pk=contact_pk).first()
        return OpportunityContact(opportunity=opportunity, contact=main) if main else None
    return row


def editable(request: HttpRequest, pk: int) -> Opportunity:
    return guards.get_permitted(Opportunity.objects.select_related("stage", "customer"), request.user, Verb.EDIT, pk=pk)
