from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db import models, transaction

from crm.events import subscribing, webhooks
from crm.models.event import Delivery, Event, EventLink
from crm.ringing import ring
from crm.search import documents


def record(
    type: str,
    subject: models.Model,
    *,
    by: Any,
    at: datetime,
    data: dict[str, Any] | None = None,
    about: Iterable[models.Model | None] = (),
    refresh_search: bool = True,
) -> Event:
    """Write down that `type` happened to `subject`, inside the caller's transaction.

    `by` is the person, or None for the system. `data` is JSON (field changes as {"field": [before, after]}).
    `about` are other records on whose timeline it belongs. The subject's search document is refreshed too, but for
    what changes nothing that it is found by.
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
    if refresh_search:
        documents.refresh(subject)
    return event


def record_many(
    type: str,
    subjects: Sequence[Any],
    *,
    by: Any,
    at: datetime,
    data: dict[str, Any] | None = None,
    about: Callable[[Any], Iterable[models.Model | None]] = lambda subject: (),
) -> list[Event]:
    """The same event of many records at once, each on the timelines of what `about(record)` says."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"Event {type!r} was recorded outside a transaction.")
    events = Event.objects.bulk_create(
        Event(
            type=type, subject_kind=one.kind, subject_id=one.pk, subject_label=str(one)[:200],
            by=by if by is not None and by.pk else None, at=at, data=data or {},
            request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        )
        for one in subjects
    )  # fmt: skip
    links = []
    for event, one in zip(events, subjects, strict=True):
        keys = {(linked.kind, linked.pk) for linked in [one, *about(one)] if linked is not None}
        links += [EventLink(event=event, kind=kind, object_id=pk, at=at) for kind, pk in sorted(keys)]
    EventLink.objects.bulk_create(links)
    listeners = subscribing.subscribers_of(type, data or {})
    if listeners and events:
        Delivery.objects.bulk_create(
            Delivery(event=event, subscriber=listener.name, due_at=at) for event in events for listener in listeners
        )
        transaction.on_commit(_ring)
    # Who listens is asked with the first: where nobody does, nobody does for the others.
    if events and webhooks.queue(events[0]):
        for event in events[1:]:
            webhooks.queue(event)
        transaction.on_commit(_ring_webhooks)
    documents.refresh_many(subjects)
    return events


def _link(event: Event, records: list[models.Model | None]) -> None:
    keys = {(record.kind, record.pk) for record in records if record is not None}  # type: ignore[attr-defined]
    EventLink.objects.bulk_create(
        [EventLink(event=event, kind=kind, object_id=pk, at=event.at) for kind, pk in sorted(keys)]
    )


def _ring() -> None:
    from crm.events.tasks import deliver_events

    ring(deliver_events)


def _ring_webhooks() -> None:
    from crm.events.tasks import call_webhooks

    ring(call_webhooks)
