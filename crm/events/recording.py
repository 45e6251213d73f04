from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django.db import models, transaction

from crm.events import subscribing, webhooks
from crm.models.event import Delivery, Event, EventLink
from crm.search import documents


def record(
    type: str,
    subject: models.Model,
    *,
    by: Any,
    at: datetime,
    data: dict[str, Any] | None = None,
    about: Iterable[models.Model | None] = (),
) -> Event:
    """Write down that `type` happened to `subject`, inside the caller's transaction.

    `by` is the person, or None for the system. `data` is JSON (field changes as {"field": [before, after]}).
    `about` are other records on whose timeline it belongs. The subject's search document is refreshed too.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"Event {type!r} was recorded outside a transaction.")
    event = Event.objects.create(
        type=type,
        subject_kind=subject.kind,  # type: ignore[attr-defined]
        subject_id=subject.pk,
        subject_label=str(subject)[:200],
        by=by if by is not None and by.pk else None,
        at=at,
        data=data or {},
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
    _link(event, [subject, *about])
    listeners = subscribing.subscribers_of(type, data or {})
    if listeners:
        Delivery.objects.bulk_create(
            [Delivery(event=event, subscriber=listener.name, due_at=at) for listener in listeners]
        )
        transaction.on_commit(_ring)
    if webhooks.queue(event):
        transaction.on_commit(_ring_webhooks)
    documents.refresh(subject)
    return event


def _link(event: Event, records: list[models.Model | None]) -> None:
    keys = {(record.kind, record.pk) for record in records if record is not None}  # type: ignore[attr-defined]
    EventLink.objects.bulk_create(
        [EventLink(event=event, kind=kind, object_id=pk, at=event.at) for kind, pk in sorted(keys)]
    )


def _ring() -> None:
    from crm.events.tasks import deliver_events

    _tell_worker(deliver_events)


def _ring_webhooks() -> None:
    from crm.events.tasks import call_webhooks

    _tell_worker(call_webhooks)


def _tell_worker(task: Any) -> None:
    """There is work. When the broker is away the sweep finds it within a minute."""
    try:
        task.apply_async(retry=False)
    except Exception:
        structlog.get_logger(__name__).warning("broker_unreachable", exc_info=True)
