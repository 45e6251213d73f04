"""Queries are counted: a page costs the same however many rows it shows, and no more than it cost yesterday.

    assert_flat(client, "/customers/", lambda: make_customer(owner))

The baseline is tests/query_counts.json; after a change that is meant, UPDATE_QUERY_COUNTS=1 writes it anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

BASELINE = Path(__file__).parent / "query_counts.json"
BUDGET = 15  # of a list page, at most
# The inbox also shows the next ticket to take and reads the business calendars of the promises.
WIDER = {"ticket-list": 17}
GROWN = 12  # rows more


def queries_of(client: Any, url: str) -> list[str]:
    client.get(url)  # the first one also reads what is kept afterwards: content types, the session
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code == 200, f"{url} answered {response.status_code}"
    return [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def assert_flat(client: Any, url: str, make_row: Callable[[], Any], rows: int = GROWN) -> int:
    """The page costs the same queries with 2 and with many rows; returns how many."""
    for _ in range(2):
        make_row()
    few = queries_of(client, url)
    for _ in range(rows):
        make_row()
    many = queries_of(client, url)
    more = "\n".join(sql[:200] for sql in many)
    assert len(many) <= len(few), f"{url}: {len(few)} queries with 2 rows, {len(many)} with {rows + 2}:\n{more}"
    return len(few)


def baseline() -> dict[str, int]:
    return json.loads(BASELINE.read_text()) if BASELINE.exists() else {}


def assert_as_before(name: str, count: int) -> None:
    """Neither more nor fewer than the committed number: a saving is committed too."""
    known = baseline()
    if os.environ.get("UPDATE_QUERY_COUNTS") == "1":
        BASELINE.write_text(json.dumps(dict(sorted((known | {name: count}).items())), indent=2) + "\n")
        return
    assert name in known, f"{name} is not in {BASELINE.name}: run once with UPDATE_QUERY_COUNTS=1 and commit it."
    assert count == known[name], f"{name}: {count} queries, {known[name]} before. UPDATE_QUERY_COUNTS=1 if meant."
