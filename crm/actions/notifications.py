from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import override

from crm.models import Notification


def notify(
    receiver: Any, message: str, *, values: dict[str, Any] | None = None, url: str = "", key: str, at: datetime
) -> None:
    """Tell a person something, once for each `key` however often it is called.

    `message` is an English message id (mark it with gettext_noop) with %(name)s places for `values`. A record among
    them is named in the receiver's language, not in that of whoever did it.
    """
    if receiver is None or not receiver.is_active:
        return
    with override(receiver.language):
        words = {name: each if isinstance(each, int | float) else str(each) for name, each in (values or {}).items()}
    Notification.objects.bulk_create(
        [Notification(receiver=receiver, message=message, values=words, url=url, at=at, key=key)],
        ignore_conflicts=True,
    )


def read_all(receiver: Any, at: datetime) -> None:
    Notification.objects.visible_to(receiver).unread().update(read_at=at)


def read(notification: Notification, at: datetime) -> None:
    """Once read it stays read as of then."""
    if notification.read_at is None:
        notification.read(at)
        notification.save(update_fields=["read_at"])
