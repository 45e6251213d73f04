"""Custom fields in forms: a widget for each type, and the one judge of values for all of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.translation import gettext as _

from crm.custom_fields import values
from crm.models.custom_field import CustomField, Option

Type = CustomField.Type


class CustomFormField(forms.Field):
    """Cleans to the form in which the value is kept. `before` is what the record holds."""

    def __init__(self, of: CustomField, before: Any = None, **kwargs: Any) -> None:
        self.of, self.before = of, before
        kwargs.setdefault("required", of.is_required)
        super().__init__(label=of.title, help_text=of.hint, widget=widget_of(of, before), **kwargs)

    def to_python(self, value: Any) -> Any:
        return values.kept(self.of, value, before=self.before)

    def prepare_value(self, value: Any) -> Any:
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def widget_of(field: CustomField, before: Any = None) -> forms.Widget:
    if field.type == Type.LONG_TEXT:
        return forms.Textarea(attrs={"rows": 3})
    if field.type == Type.DATE:
        return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    if field.type == Type.NUMBER:
        return forms.NumberInput(attrs={"step": 1})
    if field.type == Type.DECIMAL:
        return forms.NumberInput(attrs={"step": "any"})
    if field.type == Type.LINK:
        return forms.URLInput(attrs={"placeholder": "https://"})
    if field.type == Type.BOOLEAN:
        return forms.Select(choices=[*BLANK_CHOICE_DASH, ("true", _("yes")), ("false", _("no"))])
    offered = [(option.code, option.title) for option in offered_in(field, before)]
    if field.type == Type.CHOICES:
        return forms.CheckboxSelectMultiple(choices=offered)
    return forms.Select(choices=[*BLANK_CHOICE_DASH, *offered]) if field.type == Type.CHOICE else forms.TextInput()


def offered_in(field: CustomField, before: Any) -> list[Option]:
    """What can be chosen: what is not retired, and what the record has."""
    held = before if isinstance(before, list) else [before]
    return [option for option in field.options if not option.is_retired or option.code in held]
