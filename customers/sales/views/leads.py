from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import fields, guards
from crm.access.permissions import Verb
from crm.joining import comma, listed
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.models import Contact, Customer, Email
from customers.sales.actions import lead_address, leads
from customers.sales.forms.leads import ContactedForm, DiscardForm, HandOverLeadsForm, LeadEditForm
from customers.sales.models import Lead, LeadConsent, LeadLetter, Opportunity, Product
from customers.sales.models.lead_question import checklist
from customers.sales.models.lead_target import countdown
from customers.views import editing, timeline

RELATED = ("owner", "team")
ERROR = 40
LETTERS = 20  # shown


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        lead = guards.get_visible(Lead.objects.select_related(*RELATED), user, pk=pk)
        context = {
            "lead": lead,
            "place": comma().join(filter(None, [lead.city, lead.province, lead.country])),
            "product": Product.objects.visible_to(user).filter(pk=lead.product_id).first() if lead.product_id else None,
            "countdown": countdown(lead, timezone.now()),
            "checklist": checklist(lead),
            "letters": LeadLetter.shown_of(lead, LETTERS),
            "left_out": _left_out(),
            "consent": LeadConsent.objects.filter(lead=lead).select_related("purpose").first(),  # scoped: of this lead
            "may_edit": editing.allows(user, lead, Verb.EDIT),
            "may_write": user.access.may(Email.kind, Verb.CREATE),
            "may_email": user.access.may(Email.kind, Verb.CREATE) and _is_reached(lead),
            "may_trust": lead.is_open and editing.allows(user, lead, Verb.EDIT) and _may_write("email"),
            "may_assign": editing.allows(user, lead, Verb.ASSIGN),
            "may_delete": editing.allows(user, lead, Verb.DELETE),
            "became": _became(user, lead),
            **timeline.context(request, lead),
        }
        return render(request, "sales/lead/detail.html", context)


class Timeline(timeline.Timeline):
    model = Lead


timeline.FILTERS["lead"] = [
    ("", gettext_lazy("Everything")),
    ("activity", gettext_lazy("Letters")),
    ("lead", gettext_lazy("Changes")),
]


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Lead.kind, Verb.CREATE)
        return self.page(LeadEditForm(user=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, Lead.kind, Verb.CREATE)
        form = LeadEditForm(request.POST, user=user)
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return redirect("lead-list")
        values = form.changes()
        values.setdefault("owner", user)
        lead = leads.create(by=user, at=timezone.now(), **values)
        toast(request, _("%(lead)s is noted.") % {"lead": lead})
        return redirect(lead.get_absolute_url())

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/lead/form.html", {"form": form}, status=status)


class Edit(editing.Edit):
    model = Lead
    form_class = LeadEditForm
    template_name = "sales/lead/form.html"
    update = leads.update


class Delete(editing.Delete):
    model = Lead
    to_bin = leads.delete
    done = gettext_lazy("The lead is in the bin.")


class Restoration(editing.Restore):
    model = Lead
    from_bin = leads.restore
    done = gettext_lazy("The lead is back.")


class Taking(View):
    """Nobody's yet: mine."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        return _done(request, lead, lambda: leads.take(lead, by=user, at=timezone.now()), _("It is yours."))


class Address(View):
    """Mail came back, but the address is right."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        said = _("They are written to again.")
        return _done(request, lead, lambda: lead_address.trust(lead, by=user, at=timezone.now()), said)


class Reopening(View):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        return _done(request, lead, lambda: leads.reopen(lead, by=user, at=timezone.now()), _("It is open again."))


class Asking(View):
    """A dialog that asks one thing about a lead and carries it out."""

    verb = Verb.EDIT
    template_name: ClassVar[str]
    form_class: ClassVar[Any]
    action: ClassVar[Callable[..., Any]]
    done: ClassVar[Any]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, self.verb, pk=pk)
        return self.page(lead, self.form())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, self.verb, pk=pk)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(lead, form, status=422)
        try:
            type(self).action(lead, by=request.user, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self.page(lead, form, status=422)
        toast(request, self.done)
        still_seen = Lead.objects.visible_to(request.user).filter(pk=pk).exists()
        return redirect(lead.get_absolute_url()) if still_seen else redirect("lead-list")

    def form(self, data: Any = None) -> Any:
        return self.form_class(data)

    def page(self, lead: Lead, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, self.template_name, {"lead": lead, "form": form}, status=status)


class Contacted(Asking):
    """One got in touch: the clock stops, the work begins."""

    template_name = "sales/lead/contacted.html"
    form_class = ContactedForm
    action = leads.note_contact
    done = gettext_lazy("Noted.")


class Discarding(Asking):
    template_name = "sales/lead/discard.html"
    form_class = DiscardForm
    action = leads.discard
    done = gettext_lazy("The lead is discarded.")


class HandOver(Asking):
    verb = Verb.ASSIGN
    template_name = "sales/lead/hand_over.html"
    action = leads.hand_over
    done = gettext_lazy("Handed over.")

    def form(self, data: Any = None) -> Any:
        return HandOverLeadsForm(data, user=self.request.user)


def _is_reached(lead: Lead) -> bool:
    """By mail, also where the address is closed to whoever looks: it is written to, not shown."""
    with fields.covered(False):
        return bool(lead.email)


def _left_out() -> str:
    """What the reader's role does not show, by name: nobody takes it for not known."""
    closed = fields.hidden(Lead.kind)
    return listed(field.verbose_name for field in Lead._meta.concrete_fields if field.name in closed)


def _may_write(name: str) -> bool:
    return name not in fields.unwritable(Lead.kind)


def _done(request: HttpRequest, lead: Lead, act: Callable[[], Any], said: str) -> HttpResponse:
    try:
        act()
    except ValidationError as refusal:
        toast(request, " ".join(refusal.messages), level=ERROR)
    else:
        toast(request, said)
    return redirect(lead.get_absolute_url())


def _became(user: Any, lead: Lead) -> list[tuple[Any, Any]]:
    """What it was converted to, as far as the person may see that."""
    related = [
        (gettext_lazy("Customer"), Customer, lead.customer_id),
        (gettext_lazy("Contact"), Contact, lead.contact_id),
        (gettext_lazy("Opportunity"), Opportunity, lead.opportunity_id),
    ]
    found = [(label, model.objects.visible_to(user).filter(pk=pk).first()) for label, model, pk in related if pk]
    return [(label, record) for label, record in found if record is not None]
