"""Fields of the organisation's own: docs/custom-fields.md."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import kinds
from crm.actions import custom_fields
from crm.admin.base import AuditedAdmin
from crm.custom_fields import known, values
from crm.custom_fields.formulas import names
from crm.custom_fields.formulas.functions import FUNCTIONS
from crm.custom_fields.formulas.reading import Refused
from crm.joining import labelled, listed
from crm.models import CustomField, CustomFieldChoice


class CustomFieldForm(forms.ModelForm):
    kind = forms.ChoiceField(label=gettext_lazy("Kind of record"))

    class Meta:
        model = CustomField
        fields = (
            "kind", "code", "label", "label_zh", "help_text", "help_text_zh", "type", "formula", "result",
            "is_required", "default", "group", "group_zh", "position", "is_searched", "is_shown", "is_retired",
        )  # fmt: skip
        widgets: ClassVar[Any] = {"formula": forms.Textarea(attrs={"rows": 3, "cols": 80, "spellcheck": "false"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kind: Any = self.fields["kind"]
            kind.choices = [(code, kinds.get(code).label_plural) for code in known.takers()]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        field: Any = self.instance
        given = CustomField(
            type=said.get("type") or field.type, default=said.get("default", ""), code=said.get("code") or field.code
        )
        if field.pk and given.type != field.type and custom_fields.is_used(field):
            self.add_error("type", _("Records have a value already: the type stays. Retire it and define another."))
        self._judge_formula(said, given)
        if given.default and given.is_choosing:
            self.add_error("default", _("Mark a choice below as the default instead."))
        elif given.default and given.type and not given.is_computed:
            try:
                values.kept(given, given.default)
            except ValidationError as error:
                self.add_error("default", error)
        return said

    def _judge_formula(self, said: dict[str, Any], given: CustomField) -> None:
        """A formula has to mean something, and what one counts with has to stay what it is."""
        field: Any = self.instance
        was = CustomField.objects.select_for_update().get(pk=field.pk) if field.pk else None
        if was is not None and was.is_computed != given.is_computed:
            self.add_error("type", _("A formula stays one, and no other field becomes one: define another."))
        elif given.is_computed:
            self._judge_own_formula(said)
        elif said.get("formula") or said.get("result"):
            name = "formula" if said.get("formula") else "result"
            self.add_error(name, _("Only a field of the type formula has one."))
        if was is None or was.is_computed:
            return
        name = "type" if given.type != was.type else "is_retired" if said.get("is_retired") else ""
        if name and (users := custom_fields.formulas_with(was, retired=name == "type")):
            self.add_error(name, custom_fields.IN_FORMULAS % {"names": listed(users)})

    def _judge_own_formula(self, said: dict[str, Any]) -> None:
        for name in ("is_required", "is_searched", "default"):
            if said.get(name):
                self.add_error(name, _("A formula is worked out: this is for fields that are filled in."))
        kind, result = said.get("kind") or self.instance.kind, said.get("result") or self.instance.result
        if not said.get("formula"):
            self.add_error("formula", _("Write down what is worked out."))
        elif not result:
            self.add_error("result", _("Say what the formula gives."))
        elif kind:
            written = CustomField(kind=kind, type=CustomField.Type.FORMULA, formula=said["formula"], result=result)
            try:
                custom_fields.write_formula(written)
            except Refused as refused:
                if not said.get("is_retired"):
                    self.add_error("formula", str(refused))
                return
            said["formula"], self.instance.reads = written.formula, written.reads


class ChoiceFormSet(BaseInlineFormSet):
    """A field to choose from needs choices, others have none; one that records have is retired, not taken away."""

    def clean(self) -> None:
        super().clean()
        field: Any = self.instance
        rows = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if field.is_choosing and not any(not form.cleaned_data.get("is_retired") for form in rows):
            raise ValidationError(_("Write down at least one choice."))
        if field.type and not field.is_choosing and rows:
            raise ValidationError(_("Only a field to choose from has choices."))
        if field.type == CustomField.Type.CHOICE and sum(bool(form.cleaned_data["is_default"]) for form in rows) > 1:
            raise ValidationError(_("Only one choice can be the default."))
        self._refuse_losing()

    def _refuse_losing(self) -> None:
        gone = [form.initial["code"] for form in self.initial_forms if form.cleaned_data.get("DELETE")]
        renamed = [
            form.initial["code"]
            for form in self.initial_forms
            if form.cleaned_data.get("code") not in (None, form.initial["code"])
        ]
        used = custom_fields.choices_in_use(self.instance, [*gone, *renamed]) if gone or renamed else []
        if used:
            raise ValidationError(
                _("Records have this choice: %(codes)s. Retire it instead.") % {"codes": listed(used)}
            )
        if (gone or renamed) and (users := custom_fields.formulas_without(self.instance, [*gone, *renamed])):
            raise ValidationError(
                _("Formulas compare with %(codes)s: %(names)s. Change them first, or retire the choice.")
                % {"codes": listed([*gone, *renamed]), "names": listed(users)}
            )


class ChoiceInline(admin.TabularInline):
    model = CustomFieldChoice
    formset = ChoiceFormSet
    fields = ("code", "label", "label_zh", "position", "is_default", "is_retired")
    extra = 0
    formfield_overrides: ClassVar[Any] = {models.CharField: {"widget": forms.TextInput(attrs={"size": 18})}}


def _described() -> str:
    """What a formula may name and do, above the field that takes it."""
    functions = listed(function.usage for function in FUNCTIONS.values())
    lines = [
        (labelled(capfirst(kinds.get(kind).label_plural), listed(names.declared(kind))),) for kind in known.takers()
    ]
    return format_html(
        "<p>{}</p><p>{}</p><p>{}<br>{}</p>",
        _("For the type formula: what is worked out of other fields, like round(amount * probability / 100, 2)."),
        _("Functions: %(functions)s. Operators: + - * / = != < <= > >= and or not.") % {"functions": functions},
        _("Names, beside the codes of custom fields:"),
        format_html_join("", "{}<br>", lines),
    )


described = lazy(_described, str)()


class KindFilter(admin.SimpleListFilter):
    """Of which records, by their names."""

    title = gettext_lazy("kind of record")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        codes = model_admin.get_queryset(request).order_by("kind").values_list("kind", flat=True).distinct()
        return [(code, capfirst(str(kinds.get(code).label))) for code in codes]

    def queryset(self, request: HttpRequest, queryset: QuerySet[CustomField]) -> QuerySet[CustomField]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(CustomField)
class CustomFieldAdmin(AuditedAdmin):
    form = CustomFieldForm
    inlines: ClassVar[Any] = [ChoiceInline]
    list_display = ("title_shown", "kind_shown", "code", "type", "is_required", "is_shown", "is_searched", "is_retired")
    list_filter = (KindFilter, "type", "is_retired")
    search_fields = ("code", "label", "label_zh")
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["kind", "code", "type", "label", "label_zh", "help_text", "help_text_zh"]}),
        (gettext_lazy("Formula"), {"fields": ["formula", "result"], "description": described}),
        (gettext_lazy("In forms"), {"fields": ["is_required", "default", "group", "group_zh", "position"]}),
        (gettext_lazy("In lists and search"), {"fields": ["is_shown", "is_searched"]}),
        (gettext_lazy("Out of use"), {"fields": ["is_retired"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomField]:
        return super().get_queryset(request).filter(is_deleted=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What a field is called and whose it is stay for ever: files, programs and saved lists name it."""
        if obj is None:
            return ()
        fixed = ("kind", "kind_shown", "code")
        return (*fixed, "type", "result") if obj.is_computed else fixed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of one that is there the kind is read, so by its name."""
        (title, first), *rest = super().get_fieldsets(request, obj)
        fields = ["kind_shown" if obj is not None and name == "kind" else name for name in first["fields"]]
        return [(title, {**first, "fields": fields}), *rest]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """What a formula counts with is not taken away."""
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        for field in objs:
            protected = [*protected, *custom_fields.formulas_with(field, retired=True)]
        return found, counts, needed, protected

    @admin.display(description=gettext_lazy("label"), ordering="label")
    def title_shown(self, field: Any) -> str:
        return str(field.title)

    @admin.display(description=gettext_lazy("kind of record"), ordering="kind")
    def kind_shown(self, field: Any) -> Any:
        return kinds.get(field.kind).label

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the choices are stored too: whoever asks next reads anew, and search follows."""
        super().save_related(request, form, formsets, change)
        known.forget()
        touched = {"is_searched", "is_retired"} & set(form.changed_data)
        if change and (touched or (form.instance.is_searched and formsets and formsets[0].has_changed())):
            follow_in_search(form.instance.pk)

    def delete_model(self, request: HttpRequest, obj: CustomField) -> None:
        self._take_out(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CustomField]) -> None:
        for field in queryset:
            self._take_out(request, field)

    def _take_out(self, request: HttpRequest, field: CustomField) -> None:
        if not custom_fields.delete(field):
            said = _("Records have a value in %(field)s: it is retired, and what was written down is kept.")
            self.message_user(request, said % {"field": field}, messages.WARNING)
            follow_in_search(field.pk)


def follow_all_in_search(kind: str) -> None:
    from crm.jobs.custom_fields import reindex_kind

    transaction.on_commit(lambda: reindex_kind.apply_async(kwargs={"kind": kind}, retry=False), robust=True)


def follow_in_search(field_id: int) -> None:
    from crm.jobs.custom_fields import reindex_custom_field

    def ring() -> None:
        reindex_custom_field.apply_async(kwargs={"field_id": field_id}, retry=False)

    transaction.on_commit(ring, robust=True)
