from __future__ import annotations

from typing import Any

import django_filters as filters

from crm.api.filters import MomentFilter, SharedWithCaller
from crm.custom_fields.filtering import WithCustomFields
from customers.api.filters import bearing
from customers.sales.models import CurrencyRate, ForecastSubmission, Lead, Opportunity, Order, Product, Quota


class LeadFilter(WithCustomFields, filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    min_score = filters.NumberFilter("score", "gte", label="Score of at least")

    class Meta:
        model = Lead
        fields = ("owner", "team", "state", "channel", "email")


class OpportunityFilter(WithCustomFields, filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")
    outcome = filters.ChoiceFilter(
        "stage__outcome", choices=[("open", "open"), ("won", "won"), ("lost", "lost")], label="Outcome"
    )
    external_id = filters.CharFilter("external_id", label="Number in the old system")
    competitor = filters.NumberFilter("competitors__competitor", label="Competitor who is met there")
    shared_with_me = SharedWithCaller()
    tag = filters.CharFilter(method="with_tag", label="Name of a tag")

    class Meta:
        model = Opportunity
        fields = ("owner", "team", "outcome", "external_id", "competitor")

    def with_tag(self, queryset: Any, name: str, value: str) -> Any:
        return bearing(queryset, value)


class ForecastFilter(filters.FilterSet):
    since = MomentFilter("submitted_at", "gte", label="Submitted at or after")

    class Meta:
        model = ForecastSubmission
        fields = ("owner", "team", "of_team", "period_kind", "period_start", "week")


class CurrencyRateFilter(filters.FilterSet):
    class Meta:
        model = CurrencyRate
        fields = ("currency", "valid_from")


class QuotaFilter(filters.FilterSet):
    changed_since = MomentFilter("updated_at", "gte", label="Changed at or after")

    class Meta:
        model = Quota
        fields = ("owner", "team", "for_team", "month")


class OrderFilter(filters.FilterSet):
    since = MomentFilter("ordered_at", "gte", label="Ordered at or after")

    class Meta:
        model = Order
        fields = ("owner", "team")


class ProductFilter(filters.FilterSet):
    class Meta:
        model = Product
        fields = ("is_active", "series")
