"""How often customers are to hear from us: what administrators configure."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin import AuditedAdmin
from customers.models import CadenceRule


@admin.register(CadenceRule)
class CadenceRuleAdmin(AuditedAdmin):
    list_display = ("title", "occasion", "tier", "days", "holiday", "calendar", "is_active", "open_tasks")
    list_filter = ("occasion", "is_active")
    list_select_related = ("calendar",)
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["title", "occasion", "is_active"]}),
        (_("For which customers, and when"), {"fields": ["tier", "days", "holiday", "days_ahead", "calendar"]}),
        (_("What the task says"), {"fields": ["notes"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CadenceRule]:
        still_open = Q(tasks__done_at=None, tasks__deleted_at=None)
        return super().get_queryset(request).annotate(open_count=Count("tasks", filter=still_open))

    @admin.display(description=_("open tasks"))
    def open_tasks(self, rule: Any) -> int:
        return int(rule.open_count)
