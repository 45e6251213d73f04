"""Queues, states and promises: what an administrator decides about the service desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.admin import AuditedAdmin
from service.actions import policies
from service.models import Queue, SlaPolicy, SlaTarget, TicketState


class SlaTargetForm(forms.ModelForm):
    """Asks for hours, because nobody thinks of "1 00:00:00" as a working day."""

    first_response_hours = forms.DecimalField(
        label=_("First response within hours"), min_value=0, max_digits=7, decimal_places=2
    )
    resolution_hours = forms.DecimalField(
        label=_("Resolution within hours"), min_value=0, max_digits=7, decimal_places=2
    )

    class Meta:
        model = SlaTarget
        fields = ("priority",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_response", "resolution"):
            value = getattr(self.instance, name, None)
            if value is not None:
                self.initial[f"{name}_hours"] = round(value.total_seconds() / 3600, 2)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("first_response", "resolution"):
            hours = cleaned.get(f"{name}_hours")
            if hours is not None:
                setattr(self.instance, name, timedelta(hours=float(hours)))
                if not hours:
                    self.add_error(f"{name}_hours", _("Write more than nothing."))
        return cleaned


class SlaTargetInline(admin.TabularInline):
    model = SlaTarget
    form = SlaTargetForm
    extra = 0


@admin.register(SlaPolicy)
class SlaPolicyAdmin(AuditedAdmin):
    list_display = ("name", "calendar", "is_default")
    list_select_related = ("calendar",)
    inlines = (SlaTargetInline,)
    actions = ("apply_to_open",)

    @admin.action(description=_("Promise this on unresolved tickets too"))
    def apply_to_open(self, request: HttpRequest, queryset: QuerySet[SlaPolicy]) -> None:
        by: Any = request.user
        count = sum([policies.apply_to_open(policy, by=by, at=timezone.now()) for policy in queryset])
        told = ngettext("%(count)s ticket has new deadlines.", "%(count)s tickets have new deadlines.", count)
        self.message_user(request, told % {"count": count}, messages.SUCCESS)


@admin.register(Queue)
class QueueAdmin(AuditedAdmin):
    list_display = ("name", "team", "sla_policy", "is_active")
    list_select_related = ("team", "sla_policy")
    list_filter = ("is_active",)
    search_fields = ("name",)


@admin.register(TicketState)
class TicketStateAdmin(AuditedAdmin):
    list_display = ("name", "category", "position", "is_default", "closes")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The clocks of tickets run by the category: it is fixed as soon as a ticket is, or was, in the state.
        return ("category",) if obj is not None and obj.is_used else ()
