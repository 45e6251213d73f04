"""One process at a time, across machines: a lock of the database session on a name."""

from __future__ import annotations

import zlib

from django.db import connection


class AdvisoryLock:
    """`with AdvisoryLock("name") as mine:`; mine is False where another has it. PostgreSQL lets go when we die."""

    def __init__(self, name: str) -> None:
        self.key = zlib.crc32(name.encode())

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self.key])
            self.held = bool(cursor.fetchone()[0])
        return self.held

    def __exit__(self, *_: object) -> None:
        if self.held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [self.key])
