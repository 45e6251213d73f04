from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from crm.models import MailTemplate
from crm.web.forms import RecordForm
from customers.forms.fields import MomentField
from customers.models import Purpose
from customers.sales.models import Mailing


class MailingForm(RecordForm):
    """One template for each language; whoever's is missing gets the other."""

    class Meta:
        model = Mailing
        fields = ["name", "purpose"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes: Any = self.fields["purpose"]
        purposes.queryset = Purpose.objects.active().exclude(code__in=Purpose.BUILT_IN)
        purposes.initial = purposes.queryset.first()
        purposes.empty_label = None
        chosen = dict(self.instance.texts.values_list("language", "template_id")) if self.instance.pk else {}
        for code, _name in settings.LANGUAGES:
            self.fields[_field_of(code)] = forms.ModelChoiceField(
                MailTemplate.objects.in_use().filter(language=code),
                label=_("Template in %(language)s") % {"language": get_language_info(code)["name_translated"]},
                required=False,
                initial=chosen.get(code),
                empty_label=_("none"),
            )

    def templates(self) -> list[MailTemplate]:
        found = [self.cleaned_data.get(_field_of(code)) for code, _name in settings.LANGUAGES]
        return [each for each in found if each is not None]

    def _post_clean(self) -> None:
        """The action validates the record."""


class StartForm(forms.Form):
    """Now, or at a time; `version` is what was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    starts_at = MomentField(label=_("When"), required=False, help_text=_("Leave empty to begin now."))

    add_action_errors = RecordForm.add_action_errors


class LetterForm(forms.Form):
    """Whose letter one wants to get oneself."""

    letter = forms.ModelChoiceField(None, label=_("Letter"))

    def __init__(self, *args: Any, letters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["letter"].queryset = letters  # type: ignore[attr-defined]


def _field_of(language: str) -> str:
    return f"template_{language.replace('-', '_')}"
