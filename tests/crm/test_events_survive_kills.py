"""A worker killed twenty times during a thousand deliveries loses none and doubles none, on either broker."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from django.db import connection, transaction
from django.utils import timezone

from crm import events
from crm.models import Delivery
from tests.architecture.sources import ROOT
from tests.factories.crm import TeamFactory

DELIVERIES = 1000
KILLS = 20
PATIENCE = 240  # seconds for all of it


@pytest.fixture
def effects(transactional_db) -> Iterator[None]:
    """A table without a unique constraint, so that a doubled effect would be seen."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kill_effect (event_id bigint NOT NULL)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kill_effect")


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of our own on a free port of this machine, ended afterwards."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed; .ci/run installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def environment(broker: str, folder: Path) -> dict[str, str]:
    (folder / "queue").mkdir(exist_ok=True)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.crm.killing.settings",
        "KILL_DATABASE": str(connection.settings_dict["NAME"]),
        "KILL_BROKER": broker,
        "KILL_FOLDER": str(folder / "queue"),
    }


class Workers:
    """Real Celery workers, one at a time, and the end of each by SIGKILL."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as errors:
            self.launcher = subprocess.Popen(
                [sys.executable, "-m", "tests.crm.killing.launcher"],
                cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
        self.pid = 0

    def start(self) -> None:
        self.launcher.stdin.write("one\n")
        self.launcher.stdin.flush()
        self.pid = int(self.launcher.stdout.readline() or 0)
        assert self.pid, self.log.read_text()[-3000:]

    def kill(self) -> None:
        """The worker and its children at once, as a machine that loses power would."""
        while self.pid:
            try:
                os.killpg(self.pid, signal.SIGKILL)
                break
            except ProcessLookupError:  # forked, but not yet leader of its group
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
                break
        self.pid = 0

    def end(self) -> None:
        self.kill()
        self.launcher.stdin.close()
        self.launcher.wait(20)
        self.launcher.stdout.close()


def doorbell(env: dict[str, str]) -> Celery:
    bell = Celery("bell", broker=env["KILL_BROKER"])
    if env["KILL_BROKER"].startswith("filesystem"):
        folder = env["KILL_FOLDER"]
        bell.conf.broker_transport_options = {
            "data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "-control",
        }  # fmt: skip
    return bell


def happen(count: int) -> None:
    team = TeamFactory(name="Killed")
    events.subscribe("killing.happened", name="killing.count")(_nothing)
    try:
        with transaction.atomic():
            for number in range(count):
                events.record("killing.happened", team, by=None, at=timezone.now(), data={"number": number})
    finally:
        from crm.events import subscribing

        subscribing.unsubscribe("killing.count")


def _nothing(event) -> None:
    """Stands for the worker's subscriber in this process, which only writes the deliveries."""


def done() -> int:
    return Delivery.objects.filter(state=Delivery.State.DONE).count()


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
def test_twenty_kills_lose_nothing_and_double_nothing(broker, effects, tmp_path):
    happen(DELIVERIES)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(redis_server(tmp_path)) if broker == "redis" else "filesystem://"
        env = environment(url, tmp_path)
        bell = doorbell(env)
        deadline = time.monotonic() + PATIENCE
        workers = Workers(env, tmp_path / "worker.log")
        stack.callback(workers.end)
        workers.start()
        kills = 0
        mark = DELIVERIES // (KILLS + 2)
        while done() < DELIVERIES:
            assert time.monotonic() < deadline, workers.log.read_text()[-3000:]
            bell.send_task("crm.deliver_events", ignore_result=True)
            if kills < KILLS and done() >= mark * (kills + 1):
                workers.kill()
                kills += 1
                workers.start()
            time.sleep(0.05)
        bell.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT event_id) FROM kill_effect")
        total, distinct = cursor.fetchone()
    lost, doubled = DELIVERIES - distinct, total - distinct
    assert (kills, lost, doubled) == (KILLS, 0, 0)
    assert Delivery.objects.filter(state=Delivery.State.DONE).count() == DELIVERIES
