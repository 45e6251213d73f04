from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.models import Notification


def notify(
    receiver: Any, message: str, *, values: dict[str, Any] | None = None, url: str = "", key: str, at: datetime
) -> None:
    """Tell a person something, once for each `key` however often it is called.

    `message` is an English message id (mark it with gettext_noop) with %(name)s places for `values`.
    """
    if receiver is None or not receiver.is_active:
        return
    Notification.objects.bulk_create(
        [Notification(receiver=receiver, message=message, values=values or {}, url=url, at=at, key=key)],
        ignore_conflicts=True,
    )


def read_all(receiver: Any, at: datetime) -> None:
    Notification.objects.visible_to(receiver).unread().update(read_at=at)


def read(notification: Notification, at: datetime) -> None:
    """Once read it stays read as of then."""
    if notification.read_at is None:
        notification.read(at)
        notification.save(update_fields=["read_at"])
