from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import fields
from crm.actions import records
from crm.custom_fields import known, writing
from crm.models import User
from crm.web import changes
from customers.actions.merging import CHOOSABLE
from customers.forms.fields import CustomerField
from customers.models import Customer

MASTER, OTHER, BOTH = "master", "other", "both"
# The further a customer is, the more is known of it: that is proposed.
FURTHEST = (Customer.Lifecycle.ACTIVE, Customer.Lifecycle.CHURNED, Customer.Lifecycle.PROSPECT)


class MergeForm(forms.Form):
    """Field by field, of those in which the two differ: whose value counts. `versions` are what the person saw."""

    version_master = forms.IntegerField(widget=forms.HiddenInput)
    version_other = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, master: Customer, other: Customer, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.master, self.other = master, other
        self.initial |= {"version_master": master.version, "version_other": other.version}
        self.same: list[str] = []
        closed = fields.unwritable(Customer.kind)  # of those the action decides: what stands stays
        for name in (name for name in CHOOSABLE if name not in closed):
            column: Any = Customer._meta.get_field(name)
            held = [getattr(each, name) for each in (master, other)]
            label = capfirst(str(column.verbose_name))
            if held[0] == held[1] or (name in ("parent", "referred_by") and set(held) <= {master, other, None}):
                if held[0] not in (None, ""):
                    self.same.append(label)
                continue
            texts = [changes.text(column, records.as_json(value), user) for value in held]
            choices = [(MASTER, texts[0]), (OTHER, texts[1])]
            if name == "notes" and all(held):
                choices.append((BOTH, _("both, one below the other")))
            self._offer(name, label, choices, held)
        for own in known.writable(Customer.kind):
            held = [writing.held(each, own.name) for each in (master, other)]
            if held[0] == held[1]:
                self.same += [own.title] if held[0] is not None else []
                continue
            texts = [changes.custom_text(own, value) for value in held]
            self._offer(own.name, own.title, [(MASTER, texts[0]), (OTHER, texts[1])], held)

    def _offer(self, name: str, label: str, choices: list[tuple[str, str]], held: list[Any]) -> None:
        self.initial[name] = _proposed(name, held)
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect)

    def rows(self) -> list[forms.BoundField]:
        return [bound for bound in self if not bound.is_hidden]

    @property
    def versions(self) -> tuple[int, int]:
        return self.cleaned_data["version_master"], self.cleaned_data["version_other"]

    def chosen(self) -> dict[str, Any]:
        """The values of the other customer that are wanted."""
        found: dict[str, Any] = {}
        for name in (*CHOOSABLE, *(own.name for own in known.filled(Customer.kind))):
            whose = self.cleaned_data.get(name)
            if whose == OTHER:
                found[name] = writing.held(self.other, name)
            elif whose == BOTH:
                found[name] = f"{self.master.notes}\n\n{self.other.notes}"
        return found


class OtherForm(forms.Form):
    customer = CustomerField(label=gettext_lazy("Which goes into it"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer: Any = self.fields["customer"]
        customer.offer_to(user)


def _proposed(name: str, held: list[Any]) -> str:
    if name == "lifecycle":
        return MASTER if FURTHEST.index(held[0]) < FURTHEST.index(held[1]) else OTHER
    if name == "notes" and all(held):
        return BOTH
    return OTHER if held[0] in (None, "") else MASTER
