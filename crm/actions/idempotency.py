"""A write that arrives twice is carried out once and answered the same both times."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from crm.models import IdempotencyKey

REMEMBERED = timedelta(hours=24)


class KeyReused(Exception):
    """The same key came with another request."""


def begin(*, user: Any, key: str, path: str, body: bytes, at: datetime) -> tuple[IdempotencyKey, bool]:
    """The row of this key and whether it is new. Waits for a request under way; call it in the write's transaction.

    KeyReused if the key was used for something else.
    """
    fingerprint = hashlib.sha256(path.encode() + b"\0" + body).hexdigest()
    row, created = IdempotencyKey.objects.get_or_create(
        user=user, key=key, defaults={"path": path, "fingerprint": fingerprint, "created_at": at}
    )
    if not created and row.fingerprint != fingerprint:
        raise KeyReused(key)
    return row, created


def finish(row: IdempotencyKey, *, status: int, body: Any, headers: dict[str, str]) -> None:
    row.status, row.body, row.headers = status, body, headers
    row.save(update_fields=["status", "body", "headers"])


def forget_old(now: datetime) -> int:
    return IdempotencyKey.objects.made_before(now - REMEMBERED).delete()[0]
