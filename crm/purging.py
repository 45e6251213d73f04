"""Histories are append-only, which the database holds: what takes rows of one away says so, for its transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def purging() -> Iterator[None]:
    """Inside, this transaction may remove rows of append-only histories."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yardstick.allow_purge', 'on', true)")
        yield
        cursor.execute("SELECT set_config('yardstick.allow_purge', '', true)")
