"""Times everything people wait for, beside the raw SQL that gives the same answer.

    .venv/bin/python -m tests.benchmarks SIZE [--only NAME | --crowd] [--json] [--folder FOLDER]
    .venv/bin/python -m tests.benchmarks --growth SMALL.json LARGE.json

SIZE is 10k, 100k, 1m or a number of customers. The data are made anew on an embedded server of their own, which is
removed at the end; with DATABASE_URL they go into that database, which has to be empty, and stay there. docs/speed.md
says what the figures mean.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import growth

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def main() -> int:
    arguments = parse()
    if arguments.growth:
        return growth.compare(*arguments.growth)
    folder = None
    if not os.environ.get("DATABASE_URL") and not arguments.folder:
        folder = Path(tempfile.mkdtemp(prefix="yardstick-benchmark-"))
    if arguments.folder or folder:
        os.environ["YARDSTICK_VAR"] = str(arguments.folder or folder)
    try:
        return run(arguments)
    finally:
        if folder:
            clean_up(folder)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("size", nargs="?", type=lambda text: SIZES.get(text.lower()) or int(text), help="10k, 100k, 1m")
    parser.add_argument("--only", default="", help="operations whose name holds this")
    parser.add_argument("--crowd", action="store_true", help="fifty people at once, for a minute, and nothing else")
    parser.add_argument(
        "--growth", nargs=2, type=Path, metavar=("SMALL", "LARGE"), help="compare two results of --json"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--folder", help="keep the database in this folder, and use it again if it is filled")
    arguments = parser.parse_args()
    if not (arguments.size or arguments.growth):
        parser.error("how many customers?")
    return arguments


def run(arguments: argparse.Namespace) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm.settings"
    os.environ.setdefault("DEBUG", "0")
    os.environ.setdefault("SECRET_KEY", "only for measuring, nobody signs in here")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    logging.disable(logging.WARNING)
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = False
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    call_command("migrate", verbosity=0)
    seconds = fill(arguments.size)
    import crm.wsgi  # noqa: F401  as a worker of the web server begins

    rows = []
    for row in crowd() if arguments.crowd else measured(arguments.only):
        rows.append(row)
        if not arguments.json:
            show(row, first=len(rows) == 1)
    if arguments.json:
        result = {"customers": arguments.size, "filled_in_seconds": seconds, "rows": [row.as_json() for row in rows]}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    return 0 if rows and all(row.same for row in rows) else 1


def fill(size: int) -> float:
    from crm.models import User, small_tables
    from customers.models import Customer
    from tests.benchmarks import big_organisation, claims, histories, promises, requests
    from tests.benchmarks.loading import tidy

    began = time.perf_counter()
    known = Customer._base_manager.count()
    if not known:
        people = big_organisation.people()
        for part in (big_organisation, histories, requests):
            part.fill(size, people)
    elif known < size:
        sys.exit(f"The database holds {known} customers: give an empty one, or the size it was filled with.")
    people = list(User.objects.filter(email__startswith="rep").order_by("pk"))
    filled = [table for part in (promises, claims) for table in part.fill(size, people)]
    if filled:
        tidy([*filled, "crm_searchdocument"])
    small_tables.analyse()  # as every night
    seconds = round(time.perf_counter() - began, 1)
    print(f"{size:,} customers, ready after {seconds} s", file=sys.stderr, flush=True)
    return seconds


def measured(only: str) -> Iterator[Any]:
    from tests.benchmarks.timing import measure

    for who, operations in everything():
        for operation in operations:
            if only in operation.name:
                yield measure(operation, who)


def crowd() -> Iterator[Any]:
    from tests.benchmarks import crowd

    yield from crowd.measured()


def everything() -> Iterator[tuple[str, Iterator[Any]]]:
    """By whom what is done."""
    from crm.models import User
    from tests.benchmarks import jobs, lists, pages, sales, work, writes

    people = {"administrator": "boss", "rep": "rep0-0", "agent": "agent0"}
    known = {who: User.objects.get(email=f"{name}@example.com") for who, name in people.items()}
    for who in ("administrator", "rep"):
        for part in (lists, pages, work, sales, writes):
            yield who, part.operations(known[who])
    yield "agent", lists.of_tickets(known["agent"])
    yield "agent", work.of_tickets(known["agent"])
    for who in ("administrator", "agent"):
        yield who, writes.answering(known[who])
    yield "customer", writes.surveys()
    yield "", jobs.operations(known["administrator"])


def show(row: Any, first: bool) -> None:
    if first:
        print(
            "| operation | as | p50 ms | p95 ms | pace | CPU ms | runs | raw SQL ms | ratio | our SQL ms | × first "
            "| queries | KB sent (read) | same answer | budget |"
        )
        print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---|")
    raw = "" if row.raw_p50 is None else f"{row.raw_p50:.2f} | {row.ratio:.1f}"
    missed = " ✗ missed, ✓ at the pace of the budgets" if row.kept_by_pace else " ✗ missed"
    kept = {None: "", True: " ✓", False: missed}[row.kept]
    alone = "" if row.alone_p50 is None else f"{row.alone_p50:.1f}"
    beside = "" if row.beside is None else f"{row.beside:.2f}"
    size = "" if row.sent is None else f"{row.sent:.0f} ({row.whole:.0f})"
    print(
        f"| {row.name} | {row.who} | {row.p50:.1f} | {row.p95:.1f} | {row.pace:.2f} | {row.cpu:.1f} | {row.runs} "
        f"| {raw or ' | '} | {alone} | {beside} | {row.queries} "
        f"| {size} | {'yes' if row.same else 'NO'} | {row.budget}{kept} |",
        flush=True,
    )


def clean_up(folder: Path) -> None:
    """The server ends by itself some seconds after its last user."""
    from django.db import connections

    from crm.embedded import locks
    from crm.embedded.layout import Layout
    from crm.embedded.layout import folder as server_folder
    from crm.embedded.server import _leave

    connections.close_all()
    layout = Layout(server_folder(folder))
    _leave(layout)
    deadline = time.monotonic() + 30
    while locks.is_held(layout.keeper_lock) and time.monotonic() < deadline:
        time.sleep(0.2)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
