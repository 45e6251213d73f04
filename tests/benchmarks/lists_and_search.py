"""Times lists, search and export on a million customers.

    DATABASE_URL=…/bench python -m tests.benchmarks.lists_and_search 1000000

Fills an empty database first; prints the median and the 95th percentile of each, in milliseconds.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from crm.models import SearchDocument, User
from crm.search import finding
from tests.benchmarks import big_organisation

ROUNDS = 15
TEXTS = ("a", "ba", "bre", "brenbo", "gmbh", "张", "张伟", "zhangwei", "zw", "shang", "5678", "c-0500000", "info77@")


def timed(what: str, call: Callable[[], Any], rounds: int = ROUNDS) -> None:
    call()
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    print(f"{what:<46} {statistics.median(took):9.1f} {took[int(len(took) * 0.95)]:9.1f}", flush=True)


def main(count: int) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    if not SearchDocument.objects.exists():
        big_organisation.fill(count, big_organisation.people())
    print(f"{'':<46} {'median':>9} {'p95':>9}")
    people = {"boss": "boss", "manager": "manager0", "rep": "rep0-0"}
    for role, name in people.items():
        for text in TEXTS:
            user = User.objects.get(email=f"{name}@example.com")
            timed(f"search as {role}: {text}", lambda user=user, text=text: finding.find(user, text, limit=24))
        client = Client()
        client.force_login(user)
        pages(client, role)
    exports(client)


def pages(client: Client, role: str) -> None:
    for query in ("", "?sort=name", "?lifecycle=churned", "?q=ba", "?q=gmbh", "?q=brenbo", "?q=zhangwei"):
        timed(f"list as {role}: {query or 'as it opens'}", lambda query=query: client.get(f"/customers/{query}"))
    url = "/customers/?sort=name"
    for _ in range(200):
        url = client.get(url).context["list"].after_url or url
    timed(f"list as {role}: 200 pages on", lambda: client.get(url))


def exports(client: Client) -> None:
    boss = Client()
    boss.force_login(User.objects.get(email="boss@example.com"))
    for format in ("csv", "xlsx"):
        start, size = time.perf_counter(), 0
        for part in boss.get(f"/customers/export/?format={format}&number=1").streaming_content:
            size += len(part)
        took = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"export {format}: {took:.1f} s, {size / 1e6:.1f} MB, peak {peak} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
