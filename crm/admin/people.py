"""People, teams and roles."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.access import fields, kinds
from crm.access.grants import access_of
from crm.access.permissions import Reach, Verb
from crm.actions import people
from crm.admin.base import AuditedAdmin
from crm.admin.custom_fields import follow_in_search
from crm.custom_fields import known
from crm.joining import listed
from crm.models import (
    Role,
    RoleField,
    RoleGrant,
    Team,
    User,
)


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
    acting_id: int | None = None  # whoever fills it in

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
        if self.instance.pk and self.instance.pk == self.acting_id and not self.errors:
            self._refuse_locking_oneself_out(cleaned)
        if cleaned.get("new_password") and not cleaned.get("email"):
            raise ValidationError({"email": _("Somebody who signs in needs an email address.")})
        return cleaned

    def _refuse_locking_oneself_out(self, cleaned: dict[str, Any]) -> None:
        """Nobody may take the key out of the door behind them; another administrator can."""
        said = _("This would take the administration away from yourself. Nothing was changed.")
        grants = RoleGrant.objects.filter(role__in=cleaned["roles"], kind="settings", verb=Verb.EDIT, reach=Reach.ALL)
        if not cleaned["is_active"]:
            self.add_error("is_active", said)
        elif not cleaned["is_superuser"] and not grants.exists():
            self.add_error("roles", said)


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    list_display = ["name", "email", "team", "role_names", "is_active"]
    list_filter = ["is_active", "roles", "team"]
    list_select_related = ["team"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["team"]
    filter_horizontal = ["roles"]
    actions = ["remove_second_factors"]

    @admin.action(description=_("Remove the second factor (a lost phone)"), permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet) -> None:
        for person in queryset:
            if Authenticator.objects.filter(user=person).delete()[0]:
                request._settings_diff = {"second factor": ["set", "removed"]}  # type: ignore[attr-defined]
                self._record(request, person, "settings.changed", "")
        self.message_user(request, _("They sign in with the password alone until they set one again."))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("roles")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.acting_id = request.user.pk
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people leave history behind: they are deactivated, not deleted

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        return listed(str(role) for role in person.roles.all())

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


class RoleFieldForm(forms.ModelForm):
    """Kind and field are one choice: each kind has its own."""

    field = forms.ChoiceField(label=_("field"))

    class Meta:
        model = RoleField
        fields = ["field", "level"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["field"]
        field.choices = closable()
        stored = f"{self.instance.kind}:{self.instance.name}"
        if self.instance.pk:
            self.initial["field"] = stored
            if stored not in {code for _title, group in field.choices for code, _label in group}:
                field.choices = [*field.choices, (stored, stored)]  # retired by now: it stays closed

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        self.instance.kind, _colon, self.instance.name = said.get("field", "").partition(":")
        return said


class RoleFieldFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        said = [form.cleaned_data["field"] for form in self.forms if self._counts(form)]
        if len(said) > len(set(said)):
            raise ValidationError(_("Each field can be closed once."))

    def _counts(self, form: Any) -> bool:
        return bool(form.cleaned_data.get("field")) and not form.cleaned_data.get("DELETE")


def closable() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """The fields that a role may close, by kind: those that the software declares, and those of the organisation."""
    found = []
    for kind, names in fields.declared().items():
        model: Any = kinds.get(kind).model
        own = [(f"{kind}:{name}", capfirst(model._meta.get_field(name).verbose_name)) for name in names]
        custom = [(f"{kind}:{field.name}", field.title) for field in known.active(kind)]
        found.append((capfirst(kinds.get(kind).label_plural), [*own, *custom]))
    return found


class RoleFieldInline(admin.TabularInline):
    model = RoleField
    form = RoleFieldForm
    formset = RoleFieldFormSet
    extra = 0
    verbose_name_plural = _("Closed fields: what the role does not show, or shows without letting it be changed")


@admin.register(Role)
class RoleAdmin(AuditedAdmin):
    list_display = ["__str__", "code", "described"]
    prepopulated_fields = {"code": ["name"]}
    inlines = [RoleGrantInline, RoleFieldInline]

    @admin.display(description=_("description"))
    def described(self, role: Role) -> str:
        """Shipped roles are described in English, like their names."""
        return gettext(role.description) if role.description else ""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nobody may take the key out of the door behind them."""
        with transaction.atomic():
            closed = closed_by(form.instance)
            super().save_related(request, form, formsets, change)
            search_anew(closed ^ closed_by(form.instance))
            request.user._access = None  # type: ignore[union-attr]
            if not access_of(request.user).administers:
                raise_for_lock_out()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.code != "administrator")

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        closed = closed_by(obj)
        super().delete_model(request, obj)
        search_anew(closed)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        closed = {pair for role in queryset for pair in closed_by(role)}
        super().delete_queryset(request, queryset)
        search_anew(closed)


def closed_by(role: Role) -> set[tuple[str, str]]:
    return set(role.fields.values_list("kind", "name"))


def search_anew(closed: set[tuple[str, str]]) -> None:
    """Nobody finds by a field that some role closes; once none does, everybody may again."""
    for kind, name in sorted(closed):
        field = known.by_name(kind, name)
        if field is not None and field.is_searched:
            follow_in_search(field.pk)


def raise_for_lock_out() -> None:
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied(_("This would take the administration away from yourself. Nothing was changed."))
