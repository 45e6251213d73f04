"""What an administrator does with webhooks beside writing them down (which the admin site audits)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from crm import events
from crm.models import Webhook, WebhookCall
from crm.models.webhook import fresh_salt


@transaction.atomic
def renew_secret(webhook: Webhook, *, by: Any, at: datetime) -> str:
    """A new secret from now on; the old one signs nothing any more. Returned this once."""
    webhook.salt = fresh_salt()
    webhook.save(update_fields=["salt"])
    events.record("settings.changed", by, by=by, at=at, data=_about(webhook, {"secret": ["…", "…"]}))
    return webhook.shown_secret


@transaction.atomic
def try_out(webhook: Webhook, *, by: Any, at: datetime) -> WebhookCall:
    """Have it told of an event that says nothing, whatever it listens to."""
    event = events.record("settings.tried", by, by=by, at=at, data=_about(webhook, {}))
    return WebhookCall.objects.get_or_create(webhook=webhook, event=event, defaults={"due_at": at})[0]


def retry(call: WebhookCall, at: datetime) -> None:
    """Give a call that was given up another life; its server is tried at once."""
    with transaction.atomic():
        revived = WebhookCall.objects.filter(pk=call.pk, state=WebhookCall.State.DEAD)
        if revived.update(state=WebhookCall.State.PENDING, attempts=0, due_at=at):
            Webhook.objects.filter(pk=call.webhook_id).update(paused_until=None)


def _about(webhook: Webhook, changes: dict[str, Any]) -> dict[str, Any]:
    return {"model": webhook._meta.label_lower, "id": str(webhook.pk), "name": webhook.name, "changes": changes}
