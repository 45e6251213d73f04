"""Forms check shape; actions enforce rules and write. A form here never saves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from crm.models.record import StaleVersion

BASE_SALT = "crm.web.forms.base"


class RecordForm(forms.ModelForm):
    """An edit form that knows what its editor had before them.

    `changes()` are the cleaned values, `version` and `base()` what the page was rendered from: pass all three to
    the action, which merges disjoint edits and refuses overlapping ones with StaleVersion.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    base_values = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.is_bound:
            self.initial["version"] = self.instance.version
            self.initial["base_values"] = signing.dumps(self._stored_values(), salt=BASE_SALT, compress=True)

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.cleaned_data}

    def base(self) -> dict[str, Any] | None:
        """The values the editor started from, as the model's fields would hold them."""
        raw = self.cleaned_data.get("base_values")
        if not raw:
            return None
        try:
            stored = signing.loads(raw, salt=BASE_SALT)
        except signing.BadSignature:
            return None
        return {name: self._to_python(name, value) for name, value in stored.items()}

    def _stored_values(self) -> dict[str, Any]:
        return {
            name: self._field(name).value_to_string(self.instance)
            for name in self._meta.fields or ()
            if name in self.fields and not self._field(name).many_to_many
        }

    def _to_python(self, name: str, text: str) -> Any:
        field = self._field(name)
        if text in ("None", "") and field.null:
            return None
        if field.is_relation:
            return field.related_model(pk=field.target_field.to_python(text))  # only ever compared, by key
        return field.to_python(text)

    def _field(self, name: str) -> Any:
        return self._meta.model._meta.get_field(name)

    def add_action_errors(self, error: ValidationError) -> None:
        """Show what an action refused beside the fields it named."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, errors)
        else:
            self.add_error(None, error)


def conflict(request: HttpRequest, form: RecordForm, stale: StaleVersion) -> HttpResponse:
    """409: somebody saved first. Shows mine, theirs and what both started from, field by field; loses nothing."""
    base = form.base() or {}
    rows = [
        {
            "label": form.fields[name].label or name,
            "mine": form.cleaned_data.get(name),
            "theirs": getattr(stale.record, name),
            "base": None if isinstance(base.get(name), Model) else base.get(name),
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
