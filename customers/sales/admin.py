"""Pipelines, their stages, the reasons for losing, and public forms: what administrators configure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.admin import AuditedAdmin
from customers.sales import (  # noqa: F401 - what is configured of leads, and records beside their pages
    leads_admin,
    records_admin,
)
from customers.sales.actions import pipelines
from customers.sales.models import (
    CurrencyRate,
    ExitCriterion,
    ListPrice,
    LostReason,
    Pipeline,
    PriceList,
    Product,
    QuoteRules,
    RenewalRules,
    ReturnReason,
    Stage,
    UnitCost,
)


class StageFormSet(BaseInlineFormSet):
    """A pipeline has one way to win, one to lose, and somewhere to begin; what was used stays what it was."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        outcomes = [form.cleaned_data["outcome"] for form in kept]
        if outcomes.count(Stage.Outcome.WON) != 1 or outcomes.count(Stage.Outcome.LOST) != 1:
            raise ValidationError(_("A pipeline has exactly one won stage and exactly one lost stage."))
        if Stage.Outcome.OPEN not in outcomes:
            raise ValidationError(_("A pipeline has at least one open stage to begin in."))


class StageForm(forms.ModelForm):
    class Meta:
        model = Stage
        fields = ["name", "position", "outcome", "probability", "forecast_category", "rot_days"]
        help_texts = {
            "position": gettext_lazy("The smallest stands first."),
            "rot_days": gettext_lazy("Without a new stage or contact for longer it is shown as lying. Empty: never."),
            "forecast_category": gettext_lazy("Of what is open in it, unless the opportunity says otherwise."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.instance.pk or not pipelines.in_use(self.instance):
            return cleaned
        stage = {"stage": self.instance.name}
        # Said here and taken out, so that Django does not go and list every opportunity there is.
        if cleaned.pop("DELETE", False):
            self.add_error(None, _("“%(stage)s” cannot be removed: opportunities are or were in it.") % stage)
        elif "outcome" in self.changed_data:
            sentence = _("“%(stage)s” keeps its outcome: opportunities are or were in it. Add another stage instead.")
            self.add_error(None, sentence % stage)
        return cleaned


class StageInline(admin.TabularInline):
    model = Stage
    form = StageForm
    formset = StageFormSet
    extra = 0
    min_num = 3
    ordering = ["position", "pk"]


@admin.register(Pipeline)
class PipelineAdmin(AuditedAdmin):
    list_display = ["name", "position", "is_active", "locks_closed", "big_from", "stage_names"]
    list_editable = ["position"]
    ordering = ["position", "name"]
    inlines = [StageInline]

    @admin.display(description=gettext_lazy("stages"))
    def stage_names(self, pipeline: Pipeline) -> str:
        return " → ".join(stage.name for stage in pipeline.stages.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("stages")


@admin.register(ExitCriterion)
class ExitCriterionAdmin(AuditedAdmin):
    """What has to be true before an opportunity goes on from a stage."""

    list_display = ["stage_in_pipeline", "what", "text", "position"]
    list_filter = ["stage__pipeline", "what"]
    list_select_related = ["stage__pipeline"]

    @admin.display(description=gettext_lazy("stage"), ordering="stage")
    def stage_in_pipeline(self, criterion: ExitCriterion) -> str:
        return f"{criterion.stage.pipeline}: {criterion.stage}"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "stage":
            kwargs["queryset"] = Stage.objects.open().select_related("pipeline").order_by("pipeline", "position")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(LostReason)
class LostReasonAdmin(AuditedAdmin):
    list_display = ["name", "is_active"]
    list_editable = ["is_active"]


@admin.register(ReturnReason)
class ReturnReasonAdmin(AuditedAdmin):
    list_display = ["name", "is_active"]
    list_editable = ["is_active"]


@admin.register(RenewalRules)
class RenewalRulesAdmin(AuditedAdmin):
    """One row: when renewals are prepared, and where."""

    list_display = ["__str__", "days_ahead", "pipeline"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not RenewalRules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(QuoteRules)
class QuoteRulesAdmin(AuditedAdmin):
    """One row: what new quotes begin with, and who offers."""

    list_display = ["__str__", "valid_days", "tax_percent"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not QuoteRules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CurrencyRate)
class CurrencyRateAdmin(AuditedAdmin):
    """What currencies are worth in the organisation's own, each from a day on until the next rate."""

    list_display = ["currency", "valid_from", "rate"]
    list_filter = ["currency"]
    date_hierarchy = "valid_from"
    ordering = ["-valid_from", "currency"]


@admin.register(UnitCost)
class UnitCostAdmin(AuditedAdmin):
    """What products cost us, each from a day on until the next cost."""

    list_display = ["product", "valid_from", "cost", "currency"]
    list_filter = ["currency"]
    search_fields = ["product__name"]
    date_hierarchy = "valid_from"
    list_select_related = ["product"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "product":
            kwargs["queryset"] = Product.objects.alive().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PriceFormSet(BaseInlineFormSet):
    """A product has one price at a time; said before the database refuses it."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept: list[ListPrice] = []
        for form in self.forms:
            if not form.cleaned_data or form.cleaned_data.get("DELETE"):
                continue
            if any(form.instance.overlaps(other) for other in kept):
                form.add_error("product", _("This product has another price on this list at that time."))
            kept.append(form.instance)


class PriceForm(forms.ModelForm):
    class Meta:
        model = ListPrice
        fields = ["product", "price", "valid_from", "valid_until"]
        help_texts = {"valid_from": gettext_lazy("Empty: as long as the list.")}

    def _get_validation_exclusions(self) -> set[str]:
        """The prices of a list are compared with each other, as they stand in the form: see PriceFormSet."""
        return super()._get_validation_exclusions() | {"price_list"}


class PriceInline(admin.TabularInline):
    model = ListPrice
    form = PriceForm
    formset = PriceFormSet
    extra = 3

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "product":
            kwargs["queryset"] = Product.objects.alive().order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(PriceList)
class PriceListAdmin(AuditedAdmin):
    """What products cost in a currency, for some time."""

    list_display = ["name", "currency", "valid_from", "valid_until"]
    list_filter = ["currency"]
    search_fields = ["name"]
    inlines = [PriceInline]
