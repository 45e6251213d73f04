"""A lead becomes a customer, and back."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from crm import keyset
from crm.access import guards
from crm.access.permissions import Verb
from crm.events.timeline import Before, Entry
from crm.joining import listed
from crm.models import Event
from crm.web.toasts import toast
from customers.sales.actions import lead_conversion
from customers.sales.forms.lead_conversion import ConversionForm
from customers.sales.models import Lead
from customers.sales.models.lead_matches import matches
from customers.sales.models.lead_question import NotQualified


class Conversion(View):
    """Who is it? Proposes whom the person may see that is like the lead."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        return self.page(lead, self.form(lead))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        if lead.is_converted:
            return redirect(lead.get_absolute_url())
        form = self.form(lead, request.POST)
        if not form.is_valid():
            return self.page(lead, form, status=422)
        try:
            lead = lead_conversion.convert(lead, by=user, at=timezone.now(), **form.chosen())
        except NotQualified as refusal:
            names = form.named(refusal.missing)
            for name in names:
                form.add_error(name, _("Needed before it is converted."))
            if not names:  # answered when the form was opened, and taken back since
                form.add_error(None, refusal)
            return self.page(lead, form, status=422)
        except ValidationError as refusal:
            for name, errors in getattr(refusal, "error_dict", {None: refusal}).items():
                form.add_error(name if name in form.fields else None, errors)
            return self.page(lead, form, status=422)
        toast(request, _("%(lead)s is a customer now.") % {"lead": lead}, link_url=lead.get_absolute_url())
        return redirect((lead.opportunity or lead.customer).get_absolute_url())

    def form(self, lead: Lead, data: Any = None) -> ConversionForm:
        return ConversionForm(data, user=self.request.user, lead=lead, matches=matches(self.request.user, lead))

    def page(self, lead: Lead, form: ConversionForm, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/lead/conversion.html", {"lead": lead, "form": form}, status=status)


class ConversionUndoing(View):
    """Says beforehand what goes to the bin and what is kept, and afterwards what was."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        foreseen = lead_conversion.consequences(lead, by=user)
        context = {
            "lead": lead,
            "taken_back": _named(user, foreseen.taken_back),
            "kept": _named(user, foreseen.kept),
        }
        return render(request, "sales/lead/conversion_undoing.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = guards.get_permitted(Lead.objects.all(), request.user, Verb.EDIT, pk=pk)
        user: Any = request.user
        done = lead_conversion.undo_conversion(lead, by=user, at=timezone.now())
        said = _("%(lead)s is a lead again.") % {"lead": lead}
        if done.kept:
            kept = listed(_named(user, done.kept))
            said += " " + _("Kept, as changed or used since, or not yours to delete: %(kept)s.") % {"kept": kept}
        toast(request, said)
        return redirect(lead.get_absolute_url())


def history_of_leads(user: Any, record: Any, before: Before, limit: int) -> list[Entry]:
    """On the customer's timeline: what happened with the leads that became this customer, from their beginning."""
    ids = list(Lead.objects.visible_to(user).of_customer(record).values_list("pk", flat=True))
    if not ids:
        return []
    events = Event.objects.filter(subject_kind=Lead.kind, subject_id__in=ids)  # scoped: of leads that can be seen
    if before is not None:
        at, source, key = before
        if source == "event":
            events = keyset.after(events, ("at", "id"), (at, key), descending=True)
        else:
            # Entries of one moment are ordered by source name first, then by id.
            events = events.filter(at__lte=at) if source > "event" else events.filter(at__lt=at)
    rows = events.order_by("-at", "-id").select_related("by")[:limit]
    return [Entry(event.at, ("event", event.pk), event, "sales/_event.html") for event in rows]


def _named(user: Any, found: list[Any]) -> list[str]:
    """What they are, with the names of those the person may see: a customer and its sale are often called alike."""
    return [
        _("%(what)s %(name)s") % {"what": capfirst(record._meta.verbose_name), "name": record}
        if type(record).objects.visible_to(user).filter(pk=record.pk).exists()
        else _("one you cannot see")
        for record in found
    ]
