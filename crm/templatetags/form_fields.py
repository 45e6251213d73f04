"""Forms as pages show them: fields with what belongs to them, errors, and what keeps a form from being sent twice."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms, template
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django_filters.widgets import DateRangeWidget, RangeWidget

from crm.markup import html
from crm.templatetags.components import attributes

register = template.Library()

NO_CHOICE = BLANK_CHOICE_DASH[0][1]
SURVEYED = 8  # so many choices are taken in at a glance; more get a box to search in


class AnyYesNo(forms.NullBooleanSelect):
    """Nothing chosen is nothing asked for, not "Unknown"."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.choices = [("", pgettext("filter", "any")), *list(self.choices)[1:]]

    def format_value(self, value: Any) -> Any:
        """A list: in a string Django would find the empty choice first, whatever was chosen."""
        return [{True: "true", "true": "true", False: "false", "false": "false"}.get(value, "")]


@register.inclusion_tag("components/field.html")
def field(bound: Any, label: str = "", hint: str = "", css: str = "", **others: Any) -> dict[str, Any]:
    """A form field with label, help and error, tied together for screen readers. Extra arguments go to the widget.

    Nothing where the form lacks it: a role may hide a field.
    """
    if not bound:
        return {}
    _tickable(bound.field)
    if isinstance(bound.field.widget, forms.NullBooleanSelect):
        bound.field.widget = AnyYesNo(bound.field.widget.attrs)
    widget = bound.field.widget
    shown_label = capfirst(label or bound.label)  # a filter's too, whose name stands within a chip elsewhere
    if isinstance(widget, RangeWidget):
        _name_both_ends(widget, shown_label)
    described = [f"{bound.auto_id}_help"] if (hint or bound.help_text) else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    extra = {name.rstrip("_").replace("_", "-"): value for name, value in others.items()}
    extra["class"] = " ".join(
        filter(None, [widget.attrs.get("class"), _widget_class(widget), "is-invalid" if bound.errors else ""])
    )
    extra["aria-describedby"] = " ".join(described) or None
    if bound.errors:
        extra["aria-invalid"] = "true"
    ticks = isinstance(widget, forms.CheckboxSelectMultiple)
    return {
        "field": bound,
        "widget": bound.as_widget(attrs={name: value for name, value in extra.items() if value not in (None, "")}),
        "label": shown_label,
        "hint": hint or bound.help_text,
        "css": css,
        "several": ticks or isinstance(widget, forms.RadioSelect),
        "searched": ticks and len(widget.choices) > SURVEYED,
        "single_check": isinstance(widget, forms.CheckboxInput),
        "hidden": bound.is_hidden,
        "described": " ".join(described),
        "required": bound.field.required,
    }


def _name_both_ends(widget: RangeWidget, label: str) -> None:
    """A range is two boxes under one label; each says which end it is."""
    lowest, highest = _("%(label)s: at least") % {"label": label}, _("%(label)s: at most") % {"label": label}
    if isinstance(widget, DateRangeWidget):
        lowest, highest = _("%(label)s: first day") % {"label": label}, _("%(label)s: last day") % {"label": label}
    for each, name in zip(widget.widgets, (lowest, highest), strict=True):
        each.attrs = {**each.attrs, "aria-label": name}
        if isinstance(widget, DateRangeWidget):
            each.input_type = "date"


def _tickable(asked: forms.Field) -> None:
    """Several of many are ticked: in a list of its own a browser wants a key held, and one click forgets them all."""
    widget = asked.widget
    if isinstance(widget, forms.SelectMultiple):
        kept = {name: value for name, value in widget.attrs.items() if name not in ("size", "class")}
        asked.widget = forms.CheckboxSelectMultiple(attrs=kept | {"class": "in-line"}, choices=widget.choices)
    if isinstance(asked.widget, forms.CheckboxSelectMultiple):
        asked.widget.choices = list(asked.widget.choices)  # counted and shown by one query


@register.simple_tag
def select_options(groups: Any, required: bool = False) -> SafeString:
    """The options of a select, as its widget gives them: with 200 people a third of a page's time in a template."""
    shown = []
    for name, options, _place in groups:
        inner = SafeString("".join([_option(option, required) for option in options]))
        shown.append(html('<optgroup label="{}">{}</optgroup>', name, inner) if name else inner)
    return SafeString("".join(shown))


def _option(option: dict[str, Any], required: bool) -> SafeString:
    label = option["label"]
    if label == NO_CHOICE:  # nobody gave it a word of its own, and dashes are none
        label = _("please choose") if required else _("not set")
    more = attributes(option["attrs"]) if option["attrs"] else SafeString("")
    return html('\n  <option value="{}"{}>{}</option>', str(option["value"]), more, label)


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)):
        return "choices"  # goes to the list around them too
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """What is wrong with the whole form, and a link to each field that needs attention."""
    wrong = [bound for bound in form if bound.errors and not bound.is_hidden]
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    return {"form": form, "wrong": wrong, "general": [*form.non_field_errors(), *hidden]}


@register.simple_tag
def submit_once() -> SafeString:
    """A token by which the server recognises a form that was sent twice."""
    return format_html('<input type="hidden" name="submit_once" value="{}">', uuid.uuid4())
