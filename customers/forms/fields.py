"""Fields that several forms of this app share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Reach, Verb
from crm.models import User
from crm.search import finding
from customers.models import Contact, Customer, CustomerContact

END_OF_WORK = time(17, 0)
OFFERED = 8


def find_customers(user: Any, text: str, limit: int = OFFERED) -> list[Customer]:
    """Customers the person may see, by name, pinyin, number, phone, mail or website; the best matches first."""
    hits = finding.find(user, text, only=[Customer.kind], limit=limit)
    seen = Customer.objects.visible_to(user).in_bulk([hit.object_id for hit in hits])
    return [seen[hit.object_id] for hit in hits if hit.object_id in seen]


def people_to_assign(user: Any, kind: str) -> QuerySet[User]:
    """Whom the person may give records of the kind to: as far as their own reach to assign goes."""
    people = User.objects.visible_to(user).active()
    reach = user.access.reach(kind, Verb.ASSIGN)
    if reach == Reach.ALL:
        return people
    if reach == Reach.SUBTREE:
        return people.in_teams(user.access.subtree_ids)
    if reach == Reach.TEAM:
        return people.filter(team=user.access.team_id)
    return people.none()


def people_of(user: Any, customer: Any, *chosen: Any) -> QuerySet[Contact]:
    """The people at a customer whom the person may see; nobody's before a customer is chosen.

    Who left is not offered, but for those who are `chosen` already.
    """
    pk = customer.pk if isinstance(customer, Customer) else customer
    if not str(pk or "").isdigit():
        return Contact.objects.none()
    seen = Customer.objects.visible_to(user).filter(pk=pk)
    there = CustomerContact.objects.filter(customer__in=seen, ended_on=None).values("contact")
    known = CustomerContact.objects.filter(customer__in=seen, contact__in=[each for each in chosen if each])
    offered = Q(pk__in=there) | Q(pk__in=known.values("contact"))
    return Contact.objects.visible_to(user).filter(offered).order_by("sort_name", "pk")


class CustomerPicker(forms.Widget):
    """Type a few letters, choose one: the choices come from the server as they are typed."""

    template_name = "customers/customer/_picker.html"
    user: Any = None
    typed = ""  # what names no customer, or several: it comes back with the form, and what is called like it

    def search_name(self, name: str) -> str:
        return f"{name}_q"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        pk = value.pk if isinstance(value, Customer) else value
        known = str(pk or "").isdigit()
        found = Customer.objects.visible_to(self.user).filter(pk=pk) if known else []
        if self.typed and not known:
            found = find_customers(self.user, self.typed)
            context["typed"] = self.typed
        context |= {"name": name, "found": found, "chosen": pk, "search_name": self.search_name(name)}
        context |= {"described": (attrs or {}).get("aria-describedby"), "invalid": "aria-invalid" in (attrs or {})}
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        # The templates of the project, with its components, not those of the form renderer.
        return render_to_string(template_name, context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Without a script nothing was offered to choose from: what was typed counts where it names one customer."""
        if data.get(name):
            return data.get(name)
        typed = data.get(self.search_name(name), "").strip()
        found = find_customers(self.user, typed, limit=2) if typed and self.user else []
        self.typed = "" if len(found) == 1 else typed
        return found[0].pk if len(found) == 1 else None

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class CustomerField(forms.ModelChoiceField):
    """One of the customers the person may see. Call `offer_to` before use."""

    widget = CustomerPicker

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Customer.objects.none(), **kwargs)

    def offer_to(self, user: Any) -> None:
        self.queryset = Customer.objects.visible_to(user)
        self.widget.user = user

    default_error_messages = {
        "required": _("Choose which customer is meant."),
        "invalid_choice": _("There is no such customer, or it is not yours to see."),
    }


class MomentField(forms.DateTimeField):
    """Date and time in the person's zone, in the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


QUICK_DAYS = {"tomorrow": 1, "in-3-days": 3, "next-week": 7}
QUICK_CHOICES = [("tomorrow", _("tomorrow")), ("in-3-days", _("in 3 days")), ("next-week", _("next week"))]


def end_of_work(day: date) -> datetime:
    """The end of a working day, in the person's zone."""
    return timezone.make_aware(datetime.combine(day, END_OF_WORK))


def quick_day(code: str, now: datetime) -> date:
    """The day a quick choice means."""
    return timezone.localtime(now).date() + timedelta(days=QUICK_DAYS[code])
