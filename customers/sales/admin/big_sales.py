"""Who hears of big sales."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.admin import AuditedAdmin
from crm.joining import listed
from crm.models import User
from customers.sales.models import BigSaleRule, Opportunity
from customers.sales.models.currency_rate import Rates
from customers.sales.models.forecast_period import local_day


class BigSaleRuleForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "people" in cleaned and not cleaned["people"] and not cleaned.get("tells_managers"):
            self.add_error(None, _("Choose whom it tells: the owner's managers, people, or both."))
        return cleaned


@admin.register(BigSaleRule)
class BigSaleRuleAdmin(AuditedAdmin):
    form = BigSaleRuleForm
    list_display = ["__str__", "occasions", "whom", "is_active"]
    list_filter = ["is_active", "pipeline"]
    list_select_related = ["pipeline"]
    readonly_fields = ["without_a_rate"]
    fields = [
        "pipeline", "amount", "without_a_rate", "when_open", "when_won", "when_lost", "tells_managers", "people",
        "is_active",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("people")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "amount":
            found.help_text = _("In %(currency)s; other currencies count at the rate of the day.") % {
                "currency": settings.CURRENCY
            }
        return found

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "people":
            kwargs["queryset"] = User.objects.active().order_by("name", "pk")
            kwargs["widget"] = FilteredSelectMultiple(
                _("people"), is_stacked=False
            )  # "Available people", not "also tells"
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("when"))
    def occasions(self, rule: BigSaleRule) -> str:
        return listed(rule.turns)

    @admin.display(description=gettext_lazy("whom"))
    def whom(self, rule: BigSaleRule) -> str:
        managers = [_("the owner's managers")] if rule.tells_managers else []
        return listed([*managers, *rule.people.all()])

    @admin.display(description=gettext_lazy("without a rate today"))
    def without_a_rate(self, rule: BigSaleRule) -> str:
        """Nobody can say whether such a sale is big: nobody is told, and that is said here."""
        used = Opportunity.objects.alive().open().order_by().values_list("currency", flat=True).distinct()
        rates = Rates(local_day(timezone.now()))
        lacking = sorted(code for code in used if rates.of(code) is None)
        if not lacking:
            return _("Every currency of an open sale has one.")
        return _("%(currencies)s: of sales in these nobody is told until they have a rate.") % {
            "currencies": listed(lacking)
        }
