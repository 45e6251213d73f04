"""How moments come out of the database: by the hundred, for every row of a page has a dozen of them.

Django takes each apart with a regular expression and puts it together again, which takes three times as long as reading
it the way Python writes it down.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader


def read_quickly(connection: Any, **_signal: Any) -> None:
    """Of a connection that was just made."""
    connection.connection.adapters.register_loader("timestamptz", _reader(connection.timezone))


@cache
def _reader(zone: dt.tzinfo) -> type[BaseTzLoader]:
    class Moments(BaseTzLoader):
        timezone = zone

        def load(self, data: Any) -> Any:
            try:
                return dt.datetime.fromisoformat(str(data, "ascii")).replace(tzinfo=zone)
            except ValueError:  # before our time, or after Python's: whoever understands more says what it is
                return super().load(data)

    return Moments
