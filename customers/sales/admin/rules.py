"""Reasons for losing and for returning, and the rules of renewals, quotes and mailings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from crm.admin import AuditedAdmin, ConfiguredCodeAdmin
from customers.sales.models import (
    DiscardReason,
    LostReason,
    MailingRules,
    QuoteRules,
    RenewalRules,
    ReturnReason,
    StageChange,
)


@admin.register(LostReason)
class LostReasonAdmin(AuditedAdmin):
    list_display = ["name", "is_active"]
    list_editable = ["is_active"]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One that was given goes out of use: history names it."""
        used = obj is not None and StageChange.objects.filter(lost_reason=obj).exists()
        return super().has_delete_permission(request, obj) and not used


@admin.register(DiscardReason)
class DiscardReasonAdmin(ConfiguredCodeAdmin):
    pass


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


@admin.register(MailingRules)
class MailingRulesAdmin(AuditedAdmin):
    """One row: how fast mailings leave, how often somebody gets one, and who writes."""

    list_display = ["__str__", "per_minute", "quiet_days"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not MailingRules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
