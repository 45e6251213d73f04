"""Forms check shape; actions enforce rules and write. A form here never saves."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.core import signing
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from crm.access import fields
from crm.custom_fields import known, values, writing
from crm.custom_fields.form_fields import CustomFormField
from crm.models.record import StaleVersion
from crm.web import changes

BASE_SALT = "crm.web.forms.base"


class RecordForm(forms.ModelForm):
    """An edit form that knows what its editor had before them.

    `changes()` are the cleaned values, `version` and `base()` what the page was rendered from: pass all three to
    the action, which merges disjoint edits and refuses overlapping ones with StaleVersion.

    With `takes_custom_fields` it has those of the administrator too; their values come by code, as "custom".
    """

    takes_custom_fields: ClassVar[bool] = False

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    base_values = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = known.readable(self.instance.kind) if self.takes_custom_fields else []
        self.custom = [field for field in shown if not field.is_computed]
        for field in self.custom:
            self._add_custom(field)
        self._close()
        if self.instance.pk and not self.is_bound:
            self.initial["version"] = self.instance.version
            self.initial["base_values"] = signing.dumps(self._stored_values(), salt=BASE_SALT, compress=True)

    def _add_custom(self, field: Any) -> None:
        held = writing.custom_of(self.instance).get(field.code)
        self.fields[field.name] = CustomFormField(field, held)
        if self.instance.pk or self.initial.get(field.name) is None:
            self.initial[field.name] = held if self.instance.pk else values.default_of(field)

    def _close(self) -> None:
        """What the person's roles hide is not there; what they only show cannot be changed."""
        for name in fields.hidden(self.instance.kind):
            self.fields.pop(name, None)
        for name in fields.unwritable(self.instance.kind):
            if name in self.fields:
                self.fields[name].disabled = True

    def _is_open(self, name: str) -> bool:
        return name in self.cleaned_data and name not in fields.unwritable(self.instance.kind)

    @property
    def custom_groups(self) -> list[tuple[str, list[Any]]]:
        """The custom fields under the names of their groups, those without one first."""
        shown = sorted(self.custom, key=lambda field: bool(field.group))
        order = list(dict.fromkeys(field.group for field in shown))
        shown.sort(key=lambda field: order.index(field.group))
        return [
            (title, [self[field.name] for field in group])
            for title, group in groupby(shown, key=lambda field: field.group_title)
        ]

    def changes(self) -> dict[str, Any]:
        own = {name: self.cleaned_data[name] for name in self._meta.fields or () if self._is_open(name)}
        said = {field.code: self.cleaned_data[field.name] for field in self.custom if self._is_open(field.name)}
        seen = (self.base() or {}).get("custom")
        if seen is not None:  # a field that was defined after the page was opened was not on it
            said = {code: value for code, value in said.items() if code in seen}
        return own | {"custom": said} if said else own

    def base(self) -> dict[str, Any] | None:
        """The values the editor started from, as the model's fields would hold them."""
        raw = self.cleaned_data.get("base_values")
        if not raw:
            return None
        try:
            stored = signing.loads(raw, salt=BASE_SALT)
        except signing.BadSignature:
            return None
        custom = stored.pop("custom", None)
        found = {name: self._to_python(name, value) for name, value in stored.items()}
        return found if custom is None else found | {"custom": custom}

    def _stored_values(self) -> dict[str, Any]:
        own = {
            name: self._field(name).value_to_string(self.instance)
            for name in self._meta.fields or ()
            if name in self.fields and not self._field(name).many_to_many
        }
        held = writing.custom_of(self.instance) if self.custom else {}
        return own | {"custom": {field.code: held.get(field.code) for field in self.custom}} if self.custom else own

    def _to_python(self, name: str, text: str) -> Any:
        field = self._field(name)
        if text in ("None", "") and field.null:
            return None
        if field.is_relation:
            return field.related_model(pk=field.target_field.to_python(text))  # only ever compared, by key
        return field.to_python(text)

    def _field(self, name: str) -> Any:
        return self._meta.model._meta.get_field(name)

    def _update_errors(self, errors: ValidationError) -> None:
        """A field that was refused as it was typed is empty to its model, which has nothing more to say of it."""
        said: dict[str, Any] = errors.error_dict if hasattr(errors, "error_dict") else {NON_FIELD_ERRORS: errors}
        left = {name: error for name, error in said.items() if name == NON_FIELD_ERRORS or name not in self.errors}
        if left:
            super()._update_errors(ValidationError(left))  # type: ignore[misc]

    def add_action_errors(self, error: ValidationError) -> None:
        """Show what an action refused beside the fields it named."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, error)


def conflict(request: HttpRequest, form: RecordForm, stale: StaleVersion) -> HttpResponse:
    """409: somebody saved first. Shows mine, theirs and what both started from, field by field; loses nothing."""
    base = writing.side_by_side(form.base() or {})
    rows = [
        {
            "label": form.fields[name].label or name,
            "mine": _told(form, name, form.cleaned_data.get(name)),
            "theirs": _told(form, name, writing.held(stale.record, name)),
            "base": _told(form, name, None if isinstance(base.get(name), Model) else base.get(name)),
        }
        for name in stale.fields
        if name in form.fields
    ]
    fresh = {"version": stale.record.version}
    form.add_error(None, _("Somebody else changed this meanwhile. Nothing of yours is lost: compare and save again."))
    return render(
        request,
        "components/conflict.html",
        {"form": form, "rows": rows, "fresh": fresh, "record": stale.record},
        status=409,
    )


def _told(form: RecordForm, name: str, value: Any) -> str:
    """As the timeline would say it: amounts grouped, choices by their labels."""
    field = form.fields[name]
    if isinstance(field, CustomFormField):
        return changes.custom_text(field.of, value)
    if isinstance(value, Model):
        return str(value)
    return changes.text(form._field(name), value, None)
