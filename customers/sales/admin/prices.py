"""Currency rates, what goods cost, and price lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.admin import AuditedAdmin
from customers.sales.models import CurrencyRate, ListPrice, PriceList, Product, UnitCost


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
