"""Webhooks: who is told of what, and what came of each call."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.actions import webhooks
from crm.admin.base import AuditedAdmin, ReadOnlyAdmin
from crm.events import wording
from crm.events.webhooks import explain
from crm.joining import labelled
from crm.models import Webhook, WebhookCall


def _may_configure(request: HttpRequest) -> bool:
    return access_of(request.user).reach("settings", Verb.EDIT) > 0


@admin.register(Webhook)
class WebhookAdmin(AuditedAdmin):
    list_display = ["name", "url", "events", "sees_as", "is_active", "failures", "failing_since"]
    list_select_related = ["sees_as"]
    fields = ["name", "url", "types", "sees_as", "is_active", "failures", "failing_since", "paused_until"]
    readonly_fields = ["failures", "failing_since", "paused_until"]
    actions = ["try_out", "renew_secret"]

    @admin.display(description=_("Events"))
    def events(self, webhook: Webhook) -> str:
        return ", ".join(webhook.types)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if "is_active" in form.changed_data and obj.is_active:
            obj.worked()
        super().save_model(request, obj, form, change)
        if not change:
            self._show_secret(request, obj, obj.shown_secret)

    def has_configure_permission(self, request: HttpRequest) -> bool:
        return _may_configure(request)

    @admin.action(description=_("Send a test"), permissions=["configure"])
    def try_out(self, request: HttpRequest, queryset: QuerySet) -> None:
        for webhook in queryset:
            webhooks.try_out(webhook, by=request.user, at=now())
        messages.info(request, _("A test is on its way; see the webhook calls for what came of it."))

    @admin.action(description=_("Make a new secret"), permissions=["configure"])
    def renew_secret(self, request: HttpRequest, queryset: QuerySet) -> None:
        for webhook in queryset:
            self._show_secret(request, webhook, webhooks.renew_secret(webhook, by=request.user, at=now()))

    def _show_secret(self, request: HttpRequest, webhook: Webhook, secret: str) -> None:
        text = _("The secret of %(name)s, shown this once: %(secret)s")
        messages.warning(request, text % {"name": webhook.name, "secret": secret})


@admin.register(WebhookCall)
class WebhookCallAdmin(ReadOnlyAdmin):
    list_display = ["id", "webhook", "what", "state", "attempts", "outcome", "milliseconds", "called_at"]
    list_filter = ["state", "webhook"]
    list_select_related = ["webhook", "event"]
    fields = [
        "webhook", "what", "state", "attempts", "due_at", "called_at", "status", "milliseconds", "answer",
    ]  # fmt: skip
    actions = ["retry"]
    show_full_result_count = False

    @admin.display(description=_("What happened"))
    def what(self, call: WebhookCall) -> str:
        return labelled(capfirst(wording.of(call.event)), call.event.subject_label)

    def called(self, obj: WebhookCall) -> str:
        return self.what(obj)

    @admin.display(description=_("Answer"))
    def outcome(self, call: WebhookCall) -> str:
        return explain(call)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return _may_configure(request)

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet) -> None:
        dead = list(queryset.filter(state=WebhookCall.State.DEAD))
        for call in dead:
            webhooks.retry(call, now())
        text = ngettext("%(count)d call will be made again.", "%(count)d calls will be made again.", len(dead))
        messages.info(request, text % {"count": len(dead)})
