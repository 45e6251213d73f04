"""Roles: what they grant, and which fields they close."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from crm.access import fields, kinds
from crm.access.grants import access_of
from crm.admin.base import AuditedAdmin
from crm.admin.custom_fields import follow_all_in_search, follow_in_search
from crm.custom_fields import known
from crm.joining import bracketed, listed
from crm.models import Role, RoleField, RoleGrant


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


class RoleGrantFormSet(BaseInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return gettext("Each permission on a kind of record is granted once, with one reach.")


class RoleGrantInline(admin.TabularInline):
    model = RoleGrant
    form = RoleGrantForm
    formset = RoleGrantFormSet
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
        own = [(f"{kind}:{name}", _called(model, name)) for name in names]
        custom = [(f"{kind}:{field.name}", field.title) for field in known.active(kind)]
        found.append((capfirst(kinds.get(kind).label_plural), [*own, *custom]))
    return found


def _called(model: Any, name: str) -> str:
    """Its label, and which kinds of record nobody sees from whom it is hidden."""
    label = str(capfirst(model._meta.get_field(name).verbose_name))
    whole = fields.withheld_by({model.kind: frozenset({name})})
    also = listed(str(one.label_plural) for one in kinds.all_kinds() if one.code in whole)
    return bracketed(label, gettext("with all %(kinds)s") % {"kinds": also}) if also else label


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

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """One that people have stays until they have another: they would be left without what it grants."""
        role = self.get_object(request, object_id)
        if role is not None and (refusal := held_by(role)):
            self.message_user(request, refusal, messages.ERROR)
            return redirect("admin:crm_role_change", object_id)
        return super().delete_view(request, object_id, extra_context)

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> Any:
        if request.POST.get("action") == "delete_selected":
            chosen = queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
            if refusals := [said for role in chosen if (said := held_by(role))]:
                self.message_user(request, " ".join(refusals), messages.ERROR)
                return redirect("admin:crm_role_changelist")
        return super().response_action(request, queryset)

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        closed = closed_by(obj)
        super().delete_model(request, obj)
        search_anew(closed)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        closed = {line for role in queryset for line in closed_by(role)}
        super().delete_queryset(request, queryset)
        search_anew(closed)


def held_by(role: Role) -> str:
    """How many have it, as the reason why it stays; nothing where nobody does."""
    count = role.people.count()
    said = ngettext(
        "%(n)s person has the role “%(role)s”. Give them another first: nothing was deleted.",
        "%(n)s people have the role “%(role)s”. Give them another first: nothing was deleted.",
        count,
    )
    return said % {"n": count, "role": role} if count else ""


def closed_by(role: Role) -> set[tuple[str, str, int]]:
    return set(role.fields.values_list("kind", "name", "level"))


def search_anew(closed: set[tuple[str, str, int]]) -> None:
    """Nobody finds by a field of the organisation's own that some role closes; once none does, everybody may again.
    Phones and emails are kept apart from then on."""
    for kind in sorted({kind for kind, name, _level in closed if name in fields.KEPT_APART}):
        follow_all_in_search(kind)
    for kind, name in sorted({(kind, name) for kind, name, _level in closed}):
        field = known.by_name(kind, name)
        if field is not None and field.is_searched:
            follow_in_search(field.pk)


def raise_for_lock_out() -> None:
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied(_("This would take the administration away from yourself. Nothing was changed."))
