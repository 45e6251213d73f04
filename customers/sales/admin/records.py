"""Competitors and quotas in the admin site, beside their own pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from crm.admin import RecordAdmin
from crm.models import User
from customers.sales.actions import competitors, quotas
from customers.sales.models import Competitor, Quota


@admin.register(Competitor)
class CompetitorAdmin(RecordAdmin):
    """Into the bin at most: where they were met, that stays written down."""

    list_display = ["name", "website", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    formfield_overrides: ClassVar[Any] = {models.URLField: {"assume_scheme": "https"}}
    fields = ["name", "website", "notes", "is_active", "seen_version"]
    create_record = staticmethod(competitors.create)
    update_record = staticmethod(competitors.update)
    delete_record = staticmethod(competitors.delete)


@admin.register(Quota)
class QuotaAdmin(RecordAdmin):
    """What a person, or a team as a whole, is to win in a month. A year at once: the page Quotas."""

    list_display = ["__str__", "owner", "for_team", "month", "amount"]
    list_filter = ["for_team"]
    list_select_related = ["owner", "for_team"]
    date_hierarchy = "month"
    fields = ["owner", "for_team", "month", "amount", "seen_version"]
    create_record = staticmethod(quotas.create)
    update_record = staticmethod(quotas.update)
    delete_record = staticmethod(quotas.delete)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "owner":
            kwargs["queryset"] = User.objects.active()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
