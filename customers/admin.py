"""How often customers hear from us and for what, why they leave, the pool, tags: what administrators configure."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from crm.admin import AuditedAdmin, ConfiguredCodeAdmin
from customers.actions import pool, tags
from customers.models import CadenceRule, ChurnReason, PoolRule, Purpose, SourceChannel, Tag


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


@admin.register(ChurnReason)
class ChurnReasonAdmin(AuditedAdmin):
    list_display = ("name", "is_active", "for_lapsed")
    list_editable = ("is_active",)


@admin.register(SourceChannel)
class SourceChannelAdmin(ConfiguredCodeAdmin):
    pass


@admin.register(PoolRule)
class PoolRuleAdmin(AuditedAdmin):
    list_display = ("__str__", "capacity", "claims_per_day", "release_after_days", "warn_days", "protected_days")
    list_select_related = ("team",)
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["team"]}),
        (_("Claiming"), {"fields": ["capacity", "claims_per_day", "reclaim_after_days"]}),
        (_("Released by itself"), {"fields": ["release_after_days", "warn_days", "protected_days"]}),
    ]

    def save_model(self, request: HttpRequest, obj: PoolRule, form: Any, change: bool) -> None:
        """What it finds overdue from now on is announced first, and what another does where it no longer counts."""
        left = form.initial.get("team") if change and "team" in form.changed_data else obj.team_id
        if {"team", "release_after_days", "protected_days"} & set(form.changed_data):
            obj.releases_since = now()
        super().save_model(request, obj, form, change)
        if left != obj.team_id:
            pool.announce(left, now())

    def delete_model(self, request: HttpRequest, obj: PoolRule) -> None:
        left = obj.team_id
        super().delete_model(request, obj)
        pool.announce(left, now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PoolRule]) -> None:
        left = list(queryset.values_list("team", flat=True))
        super().delete_queryset(request, queryset)
        for team in left:
            pool.announce(team, now())


@admin.register(Purpose)
class PurposeAdmin(AuditedAdmin):
    list_display = ("name", "code", "needs_consent", "is_active", "position")
    list_editable = ("position",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What the program itself writes for stays, and what somebody said something of: it is taken out of use."""
        is_needed = obj is not None and (obj.code in Purpose.BUILT_IN or obj.consents.exists())
        return not is_needed and super().has_delete_permission(request, obj)


class MergeInto(ActionForm):
    into = forms.ModelChoiceField(Tag.objects.all(), label=_("into"), required=False)


@admin.register(Tag)
class TagAdmin(AuditedAdmin):
    list_display = ("name", "colour")
    list_editable = ("colour",)
    search_fields = ("name",)
    action_form = MergeInto
    actions = ("merge_tags",)

    @admin.action(description=_("Merge the selected tags into another"))
    def merge_tags(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        into = Tag.objects.filter(pk=request.POST.get("into") or 0).first()
        if into is None:
            self.message_user(request, _("Choose the tag that stays, beside the action."), messages.WARNING)
            return
        gone = list(queryset.exclude(pk=into.pk))
        self.log_deletions(request, queryset.exclude(pk=into.pk))
        for tag in gone:
            tags.merge(tag, into=into)
        self.message_user(request, _("%(count)s merged into %(tag)s.") % {"count": len(gone), "tag": into})

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        tags.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        for tag in queryset:
            tags.delete(tag)
