"""What every page of the admin site shares: changes are on record, and what the system writes is only read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from crm import events
from crm.actions.records import as_json


class AuditedAdmin(admin.ModelAdmin):
    """Every change of the configuration is an event with each field's before and after."""

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> Any:
        """What is done to several from the list is done to all or none, and on record with it."""
        with transaction.atomic():
            return super().response_action(request, queryset)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "settings.created", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "settings.changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        for obj in queryset:
            self._record(request, obj, "settings.deleted", "")
        return super().log_deletions(request, queryset)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> list:
        request._settings_diff = _differences(form, formsets)  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def _record(self, request: HttpRequest, obj: Any, event_type: str, message: Any) -> None:
        data = {
            "model": obj._meta.label_lower,
            "id": str(obj.pk),
            "name": str(obj),
            "changes": getattr(request, "_settings_diff", {}),
        }
        # Configuration is many tables with few rows: its events hang on the person who changed it.
        by: Any = request.user
        events.record(event_type, by, by=by, at=now(), data=data)


def _differences(form: Any, formsets: Any) -> dict[str, Any]:
    diff: dict[str, Any] = {
        name: [_text(form.initial.get(name)), _text(form.cleaned_data.get(name))] for name in form.changed_data
    }
    secret = [name for name in diff if isinstance(form.fields[name].widget, forms.PasswordInput)]
    diff.update({name: [None, None] for name in secret})  # that it was changed is on record, never what it is
    for formset in formsets or ():
        for row in formset.forms:
            if row.has_changed():
                label = f"{formset.model._meta.model_name}:{row.instance.pk or 'new'}"
                diff[label] = {
                    name: [_text(row.initial.get(name)), _text(row.cleaned_data.get(name))] for name in row.changed_data
                }
    return diff


def _text(value: Any) -> Any:
    if isinstance(value, QuerySet | list | tuple):
        return [str(item) for item in value]
    value = as_json(value)
    return value if value is None or isinstance(value, str | int | float | bool | dict) else str(value)


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what is only ever written by the system."""

    change_form_template = "admin/read_only.html"

    def called(self, obj: Any) -> str:
        """What people call a record whose own name is for logs."""
        return str(obj)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """In its heading and in the way back."""
        if (obj := kwargs.get("obj")) is not None:
            context["subtitle"] = self.called(obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
