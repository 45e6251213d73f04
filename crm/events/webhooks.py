"""Other programs are told what happened: signed, in order of what is due, until they say they have it.

The call is written with the event. It is claimed by moving its next attempt into the future, so that no transaction
is open while somebody else's server thinks; a worker that dies in between sends the same message, with the same id,
again. A server that does not answer is left alone for a while, and holds nobody else up.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import outgoing
from crm.access import kinds
from crm.access.grants import access_of
from crm.models.event import Event
from crm.models.notification import Notification
from crm.models.webhook import ATTEMPTS, Webhook, WebhookCall, is_private

LEASE = timedelta(minutes=2)  # more than a call can take
LONGEST_PAUSE = timedelta(hours=6)
KEPT = timedelta(days=30)
STOPPED = gettext_noop("The webhook %(name)s was switched off: nothing has worked there since %(since)s.")
GONE = 410  # "send no more", says whoever answers this


def queue(event: Event) -> bool:
    """Note which webhooks are to be told; called with each event, in its transaction."""
    if is_private(event.type):
        return False
    listening = list(Webhook.objects.listening_to(event.type).values_list("pk", flat=True))
    WebhookCall.objects.bulk_create([WebhookCall(webhook_id=pk, event=event, due_at=event.at) for pk in listening])
    return bool(listening)


def call_next(now: datetime) -> bool:
    """Make the call that has been due for longest; False when none is."""
    call = _claim(now)
    if call is not None:
        _call(call, now)
    return call is not None


def forget_old(now: datetime) -> None:
    WebhookCall.objects.finished_before(now - KEPT).delete()


def _claim(now: datetime) -> WebhookCall | None:
    with transaction.atomic():
        call = (
            WebhookCall.objects.due(now)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("webhook__sees_as", "event__by")
            .order_by("due_at", "id")
            .first()
        )
        if call is not None:
            call.due_at = now + LEASE
            call.save(update_fields=["due_at"])
    return call


def _call(call: WebhookCall, now: datetime) -> None:
    if not _is_visible(call.event, call.webhook.sees_as):
        call.state = WebhookCall.State.HIDDEN
        call.save(update_fields=["state"])
        return
    name, body = f"evt_{call.event_id}", message(call.event, call.webhook.sees_as)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Yardstick-CRM",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": call.webhook.signature(name, now, body),
    }
    try:
        answer = outgoing.post(call.webhook.url, body, headers)
    except outgoing.Unreachable as error:
        call.answered(now, status=None, text=str(error), seconds=None)
        _conclude(call, now, worked=False)
    else:
        call.answered(now, status=answer.status, text=answer.text, seconds=answer.seconds)
        _conclude(call, now, worked=answer.is_success)


@transaction.atomic
def _conclude(call: WebhookCall, now: datetime, *, worked: bool) -> None:
    webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=call.webhook_id)
    if worked:
        call.state = WebhookCall.State.DONE
        webhook.worked()
    else:
        pause = min(timedelta(seconds=10 * 4 ** min(webhook.failures, 8)), LONGEST_PAUSE)
        webhook.failed(now, pause)
        call.due_at = now + pause
        if call.status == GONE:
            webhook.is_active = False
        if call.attempts >= ATTEMPTS or not webhook.is_active:
            call.state = WebhookCall.State.DEAD
    call.save()
    webhook.save()
    if not webhook.is_active:
        _tell_person(webhook, now)


def _tell_person(webhook: Webhook, now: datetime) -> None:
    values = {"name": webhook.name, "since": f"{webhook.failing_since:%Y-%m-%d}"}
    stopped = Notification(
        receiver=webhook.sees_as, message=STOPPED, values=values, at=now,
        key=f"webhook-stopped:{webhook.pk}:{webhook.failing_since}",
    )  # fmt: skip
    Notification.objects.bulk_create([stopped], ignore_conflicts=True)


def message(event: Event, person: Any) -> bytes:
    """What is sent: which event, about which record, and which fields it changed from what to what.

    Records named in those are told by number only: whoever listens may not be allowed to see them. Of a field that is
    hidden from the person it is told that it changed, not from what to what.
    """
    closed = access_of(person).hidden.get(event.subject_kind, frozenset())
    part = event.data.get("point")  # an address or number: all that is said is of a closed field, or nothing is
    if closed and isinstance(part, dict) and part.get("type") in closed:
        data: dict[str, Any] = {"point": {"type": part["type"]}}
    else:
        data = {name: [None, None] if name in closed else value for name, value in event.data.items()}
    kind = next((kind for kind in kinds.all_kinds() if kind.code == event.subject_kind), None)
    url = kind.url_for(event.subject_id) if kind else None
    content = {
        "id": event.pk,
        "type": event.type,
        "at": event.at.isoformat(),
        "by": event.by and {"id": event.by.pk, "name": str(event.by)},
        "subject": {
            "kind": event.subject_kind,
            "id": event.subject_id,
            "name": event.subject_label,
            "url": settings.PUBLIC_URL.rstrip("/") + url if url else None,
        },
        "data": _unnamed(data),
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _unnamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unnamed(each) for key, each in value.items() if not (key == "label" and "id" in value)}
    return [_unnamed(each) for each in value] if isinstance(value, list) else value


def _is_visible(event: Event, person: Any) -> bool:
    """Whether the person may see the record, or, when it is in the bin, could take it out again."""
    if not person.is_active:
        return False
    kind = next((kind for kind in kinds.all_kinds() if kind.code == event.subject_kind), None)
    if kind is None or kind.model is None:
        return False
    rows: Any = kind.model._default_manager.filter(pk=event.subject_id)
    in_bin = getattr(rows, "restorable_by", None)
    return rows.visible_to(person).exists() or (in_bin is not None and in_bin(person).exists())


def explain(call: WebhookCall) -> str:
    """How it went, in a few words."""
    if call.called_at is None:
        return ""
    return _("HTTP %(status)d") % {"status": call.status} if call.status else call.answer
