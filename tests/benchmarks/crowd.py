"""Fifty people at once: the web server as `manage.py up` starts it, asked over loopback by people who think between.

Everything shares the machine's cores: the server, its database, and whoever asks. A person waits for the answer, thinks
five seconds on average, and asks for the next page; each page opened counts, in the shares of `MIX`.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shlex
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

from django.conf import settings
from django.db import connections
from django.test import Client

from crm.embedded import launch, supervisor
from crm.management.commands.up import commands
from crm.models import User
from tests.benchmarks.pace import pace
from tests.benchmarks.timing import Measured, percentile, query

PEOPLE, THINKING = 50, 5.0  # seconds on average; between half of it and half more
WARMING, MEASURED = 8, 40  # seconds; what is asked in the first ones does not count
BUDGET = 300
MIX = {"list": 30, "customer": 20, "opportunities": 10, "opportunity": 10, "search": 10, "today": 5, "kanban": 5,
       "tasks": 5, "log": 5}  # fmt: skip
SEARCHED = ("bren", "mon", "张伟", "zhangwei", "cal")
FORM = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
SECRET = "b" * 32  # of the cookie and of the header alike, which is all that CSRF asks for


@dataclass
class Person:
    user: User
    seed: int
    customers: list[int] = field(default_factory=list)
    opportunities: list[int] = field(default_factory=list)
    asked: list[tuple[str, float, float, int]] = field(default_factory=list)  # what, when, how long, status
    logged: int = 0

    def prepare(self) -> None:
        client = Client()
        client.force_login(self.user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={SECRET}"
        for kind, table in (("customer", "customers_customer"), ("opportunity", "sales_opportunity")):
            below = f"SELECT id FROM crm_team WHERE {self.user.team_id} = ANY(path)"
            whose = f"owner_id = {self.user.pk}" if self.user.email.startswith("rep") else f"team_id IN ({below})"
            found = query(f"SELECT id FROM {table} WHERE {whose} AND deleted_at IS NULL ORDER BY id LIMIT 20")
            (self.customers if kind == "customer" else self.opportunities).extend(row[0] for row in found)

    def work(self, port: int, begins: float, ends: float) -> None:
        chance = random.Random(self.seed)
        time.sleep(max(begins + chance.random() * THINKING - time.monotonic(), 0))
        while time.monotonic() < ends:
            what = chance.choices(list(MIX), MIX.values())[0]
            started = time.monotonic()
            try:
                status = self.ask(port, what, chance)
            except (OSError, HTTPException):
                status = 0
            self.asked.append((what, started, time.monotonic() - started, status))
            time.sleep(THINKING * (0.5 + chance.random()))

    def ask(self, port: int, what: str, chance: random.Random) -> int:
        method, address, body = "GET", self.address(what, chance), None
        if what == "log":
            form = {"customer": chance.choice(self.customers), "type": "call", "direction": "outbound",
                    "outcome": "reached", "at": "2026-05-13T10:00",
                    "subject": f"In a crowd, {self.seed}-{len(self.asked)}"}  # fmt: skip
            method, body = "POST", urlencode(form)
        web = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip", "X-CSRFToken": SECRET}
            web.request(method, address, body, headers | (FORM if body else {}))
            answer = web.getresponse()
            answer.read()
        finally:
            web.close()
        self.logged += what == "log" and answer.status == 204
        return answer.status

    def address(self, what: str, chance: random.Random) -> str:
        return {
            "list": "/customers/",
            "customer": f"/customers/{chance.choice(self.customers)}/",
            "opportunities": "/sales/opportunities/?sort=-updated_at",
            "opportunity": f"/sales/opportunities/{chance.choice(self.opportunities)}/",
            "search": f"/search/palette/?{urlencode({'q': chance.choice(SEARCHED)})}",
            "today": "/today/",
            "kanban": "/sales/pipeline/",
            "tasks": "/tasks/?state=open&sort=due_at",
            "log": "/activities/new/",
        }[what]


def measured() -> Iterator[Measured]:
    """One row of all, which is judged, and one of each page."""
    people = [Person(user, number) for number, user in enumerate(those_who_work())]
    for person in people:
        person.prepare()
    stored = "SELECT count(*) FROM customers_activity WHERE subject LIKE 'In a crowd, %%'"
    known = query(stored)[0][0]
    collect_static()
    before, paces = processor_time(), [pace() for _ in range(3)]
    with web_server() as port:
        begins = time.monotonic()
        counts, ends = begins + WARMING, begins + WARMING + MEASURED
        asking = [threading.Thread(target=person.work, args=(port, begins, ends)) for person in people]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
    meanwhile = statistics.median([*paces, *(pace() for _ in range(3))])
    if not all(person.asked for person in people):
        raise RuntimeError("Somebody did not ask for anything.")
    everything = [each for person in people for each in person.asked]
    logged = query(stored)[0][0] - known
    in_order = logged == sum(person.logged for person in people)
    yield row([each for each in everything if each[1] >= counts], f"{PEOPLE} people at once", meanwhile, in_order,
              (processor_time() - before) / len(everything))  # fmt: skip
    for what in MIX:
        asked = [each for each in everything if each[0] == what and each[1] >= counts]
        yield row(asked, f"in the crowd: {what}", meanwhile)


def those_who_work() -> list[User]:
    """The boss, the managers of the regions, and reps of all teams, those with most customers among them."""
    known = {user.email: user for user in User.objects.filter(is_active=True)}
    names = ["boss", *(f"manager{number}" for number in range(4))]
    names += [f"rep{team}-{place}" for place in range(10) for team in range(20)]
    return [known[f"{name}@example.com"] for name in names[:PEOPLE]]


def row(
    asked: list[tuple[str, float, float, int]], name: str, meanwhile: float, in_order: bool = True, cpu: float = 0.0
) -> Measured:
    took = sorted(each[2] for each in asked) or [0.0]
    errors = sum(each[3] not in (200, 204) for each in asked)
    p50, p95 = (round(value * 1000, 2) for value in (statistics.median(took), percentile(took, 0.95)))
    found = Measured(
        f"{name}, {errors} errors", "", p50, p95, round(cpu * 1000, 2), len(asked), None, None, None, 0,
        in_order and not errors, "", None, pace=round(meanwhile, 2),
    )  # fmt: skip
    if cpu:  # all pages together are what is judged
        found.budget = f"p95 ≤ {BUDGET} ms, no errors"
        found.kept = p95 <= BUDGET and not errors
        found.kept_by_pace = p95 / max(meanwhile, 1) <= BUDGET and not errors
    return found


def processor_time() -> float:
    """Of the children that have ended: of the web server, its start included, without the database."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def collect_static() -> None:
    manage = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(manage, cwd=settings.BASE_DIR, check=True)


@contextmanager
def web_server() -> Iterator[int]:
    """As in production on this machine, with a worker for each core; it ends with us, however we end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    how = json.dumps({"parent": os.getpid(), "signal": 15, "umask": launch.current_umask()})
    command = [sys.executable, "-I", "-S", launch.__file__, how, *shlex.split(commands(("127.0.0.1", port))["web"])]
    command += ["--log-level", "warning"]
    connections.close_all()
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120  # seconds; of a busy machine
        while not supervisor.answers(("127.0.0.1", port)):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The web server did not start.")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
