from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crm.actions.enclosures import Enclosure
from crm.joining import listed
from crm.models import MailTemplate, User
from customers.actions.emails import Draft
from customers.forms.fields import CustomerField
from customers.models import tidy

BETWEEN = re.compile(r"[\s,;，；]+")


class AddressesField(forms.CharField):
    """Mail addresses, one beside the other."""

    def to_python(self, value: Any) -> Any:
        written = BETWEEN.split(super().to_python(value) or "")
        return list(dict.fromkeys(tidy.email(address) for address in written if address))

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        wrong = []
        for address in value:
            try:
                validate_email(address)
            except ValidationError:
                wrong.append(address)
        if wrong:
            raise ValidationError(_now("These are no mail addresses: %(addresses)s.") % {"addresses": listed(wrong)})


@dataclass(frozen=True)
class Unseen:
    """To whom a letter goes whose writer is not shown the address."""

    name: str
    addresses: list[str]
    contact: int | None


class EmailForm(forms.Form):
    """A letter to a customer, from any of the pages that know whom it is about."""

    customer = CustomerField(label=_("Customer"))
    to = AddressesField(label=_("To"), max_length=2000, help_text=_("Several addresses are separated by commas."))
    cc = AddressesField(label=_("Copy to"), max_length=2000, required=False)
    template = forms.ChoiceField(label=_("Template"), required=False)
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(label=_("Text"), max_length=100_000, widget=forms.Textarea(attrs={"rows": 10}))
    is_shared = forms.BooleanField(
        label=_("Show it to everybody who sees the customer"),
        required=False,
        help_text=_("Otherwise only you see it. It can be changed later."),
    )
    enclosures = forms.MultipleChoiceField(
        label=_("Files to enclose"), required=False, widget=forms.CheckboxSelectMultiple
    )
    about_kind = forms.CharField(required=False, widget=forms.HiddenInput)
    about_id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    answers = forms.IntegerField(required=False, widget=forms.HiddenInput)
    letter = forms.IntegerField(required=False, widget=forms.HiddenInput)
    contact = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, user: User, language: str = "", offered: Sequence[Enclosure] = (), about: Any = None,
        unseen: Unseen | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Written to what it is `about` alone (a lead), it asks for no customer."""
        super().__init__(*args, **kwargs)
        self.about, self.unseen = about, unseen
        if unseen is not None:
            self.fields["to"].required, self.fields["to"].label = False, _("Further receivers")
            self.initial |= {"to": "", "contact": unseen.contact}
        self.offered = {each.code: each for each in offered}
        enclosures: Any = self.fields["enclosures"]
        enclosures.choices = [(each.code, each.name) for each in offered]
        enclosures.initial = [each.code for each in offered if each.is_usual]
        if about is None:
            customer: Any = self.fields["customer"]
            customer.offer_to(user)
        else:
            del self.fields["customer"]
            self.fields["is_shared"].label = _("Show it to everybody who sees the lead")
        template: Any = self.fields["template"]
        template.choices = [("", _("none")), *templates_offered(language)]

    def enclosed(self) -> list[Enclosure]:
        return [self.offered[code] for code in self.cleaned_data["enclosures"]]

    def draft(self) -> Draft:
        values = self.cleaned_data
        to = [*(self.unseen.addresses if self.unseen else ()), *values["to"]]
        return Draft(list(dict.fromkeys(to)), values["subject"], values["text"], values["cc"])


def templates_offered(language: str) -> list[tuple[str, str]]:
    """Those in the receiver's language first."""
    wanted = "zh-hans" if language.lower().startswith("zh") else "en"
    found = sorted(MailTemplate.objects.in_use(), key=lambda each: (each.language != wanted, each.name))
    return [(str(template.pk), str(template)) for template in found]
