"""Lists that administrators keep and records name by code."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from crm.admin.base import AuditedAdmin


class ConfiguredCodeAdmin(AuditedAdmin):
    """Added, renamed, put in order and taken out of use; what a record names stays."""

    list_display: Any = ["__str__", "code", "name", "name_zh", "position", "is_active"]
    list_editable: Any = ["position", "is_active"]
    fields: Any = ["code", "name", "name_zh", "position", "is_active"]
    search_fields: Any = ["code", "name", "name_zh"]
    actions = None  # one by one: see has_delete_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_needed)
