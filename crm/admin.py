"""The administrator's side of the kernel: people, teams, roles, calendars, and the log of what happened."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm import events
from crm.access import kinds
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.actions import people
from crm.actions.records import as_json
from crm.events import delivering
from crm.models import (
    BusinessCalendar,
    CalendarFrame,
    CalendarHoliday,
    Delivery,
    Event,
    JobRun,
    Role,
    RoleGrant,
    Team,
    User,
)

admin.site.site_header = _("Yardstick CRM: administration")
admin.site.site_title = _("Administration")
admin.site.index_title = _("What would you like to configure?")


class AuditedAdmin(admin.ModelAdmin):
    """Every change of the configuration is an event with each field's before and after."""

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
        events.record(event_type, request.user, by=request.user, at=now(), data=data)


def _differences(form: Any, formsets: Any) -> dict[str, Any]:
    diff = {name: [_text(form.initial.get(name)), _text(form.cleaned_data.get(name))] for name in form.changed_data}
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(AuditedAdmin):
    list_display = ["indented_name", "manager", "parent"]
    list_select_related = ["manager", "parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent", "manager"]
    ordering = ["path_names"]

    @admin.display(description=_("name"), ordering="path_names")
    def indented_name(self, team: Team) -> str:
        return "\u2003" * (len(team.path) - 1) + team.name


class PersonForm(forms.ModelForm):
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the present one. Setting one signs the person out everywhere."),
    )

    class Meta:
        model = User
        fields = ["name", "email", "team", "roles", "language", "timezone", "is_active", "is_superuser"]

    def clean_email(self) -> str | None:
        return (self.cleaned_data["email"] or "").lower() or None

    def clean_new_password(self) -> str:
        from django.contrib.auth.password_validation import validate_password

        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new_password") and not cleaned.get("email"):
            raise ValidationError({"email": _("Somebody who signs in needs an email address.")})
        return cleaned


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    list_display = ["name", "email", "team", "role_names", "is_active"]
    list_filter = ["is_active", "roles", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["team"]
    filter_horizontal = ["roles"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("roles")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people leave history behind: they are deactivated, not deleted

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        return ", ".join(str(role) for role in person.roles.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        people.credentials_changed(
            form.instance, password=form.cleaned_data.get("new_password") or None, fields=form.changed_data
        )


class RoleGrantForm(forms.ModelForm):
    kind = forms.ChoiceField(label=_("kind of record"), choices=kinds.choices)

    class Meta:
        model = RoleGrant
        fields = ["kind", "verb", "reach"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """A grant for a kind that is not installed keeps it: the first of the list would be chosen in its place."""
        super().__init__(*args, **kwargs)
        stored = self.instance.kind
        known = list(kinds.choices())
        if stored and stored not in {code for code, _label in known}:
            self.fields["kind"].choices = [*known, (stored, stored)]  # type: ignore[attr-defined]


class RoleGrantInline(admin.TabularInline):
    model = RoleGrant
    form = RoleGrantForm
    extra = 0


@admin.register(Role)
class RoleAdmin(AuditedAdmin):
    list_display = ["__str__", "code", "description"]
    prepopulated_fields = {"code": ["name"]}
    inlines = [RoleGrantInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nobody may take the key out of the door behind them."""
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            request.user._access = None  # type: ignore[union-attr]
            if not access_of(request.user).administers:
                raise_for_lock_out()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.code != "administrator")


def raise_for_lock_out() -> None:
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied(_("This would take the administration away from yourself. Nothing was changed."))


class FrameInline(admin.TabularInline):
    model = CalendarFrame
    extra = 1


class HolidayInline(admin.TabularInline):
    model = CalendarHoliday
    extra = 1


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(AuditedAdmin):
    list_display = ["name", "timezone"]
    inlines = [FrameInline, HolidayInline]


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "type", "subject_label", "by"]
    list_filter = ["subject_kind"]
    list_select_related = ["by"]
    search_fields = ["type", "subject_label"]
    show_full_result_count = False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What could not be delivered waits here with its error."""

    list_display = ["id", "subscriber", "event", "state", "attempts", "due_at"]
    list_filter = ["state", "subscriber"]
    list_select_related = ["event"]
    actions = ["retry"]
    show_full_result_count = False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return access_of(request.user).reach("settings", Verb.EDIT) > 0

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        dead = list(queryset.filter(state=Delivery.State.DEAD))
        for delivery in dead:
            delivering.retry(delivery, now())
        text = ngettext(
            "%(count)d delivery will be tried again.", "%(count)d deliveries will be tried again.", len(dead)
        )
        messages.info(request, text % {"count": len(dead)})


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["job", "slot", "started_at", "finished_at", "attempts"]
    list_filter = ["job"]
