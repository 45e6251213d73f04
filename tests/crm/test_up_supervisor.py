"""`manage.py up`: one command starts everything for real, one signal stops all of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm.embedded.layout import Layout
from tests.crm.embedded_users import PROJECT, eventually, processes_in

PATIENCE = 120  # the machine of a test run is busy


class Everything:
    """`manage.py up` in a folder of its own."""

    def __init__(self, var: Path, port: int) -> None:
        self.var = var
        self.port = port
        self.log = var / "up.log"
        environment = {**os.environ, "YARDSTICK_VAR": str(var), "YARDSTICK_EMBEDDED_FAST": ""}
        for name in ("DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS", "PUBLIC_URL"):
            environment.pop(name, None)
        environment["DJANGO_SETTINGS_MODULE"] = "crm.settings"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROJECT / "manage.py"), "up", "--no-demo", "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env=environment,
                start_new_session=True,
            )

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=10) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def wait_until_it_answers(self) -> None:
        assert eventually(lambda: self.answers() or self.process.poll() is not None, PATIENCE)
        assert self.process.poll() is None, self.log.read_text()
        assert eventually(lambda: len(self.children()) == 3 and "Yardstick CRM is at" in self.log.read_text())

    def children(self) -> dict[str, int]:
        found = re.findall(r"system \| (\w+) started \(pid=(\d+)\)", self.log.read_text())
        return {name: int(pid) for name, pid in found}

    def left_over(self) -> list[int]:
        """Processes of this run that still live, the database's among them."""
        groups = set(self.children().values()) | {self.process.pid}
        of_its_groups = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                except OSError:
                    continue
                if int(group) in groups and state != "Z":
                    of_its_groups.append(int(entry.name))
        return of_its_groups + processes_in(self.var)

    def is_gone(self) -> bool:
        return not self.left_over() and not Layout(self.var / "postgres").claim.exists()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder for all starts of this module, in one process of the tests: only the first makes a database."""
    var = Path(tempfile.mkdtemp(prefix="ys-up-", dir="/tmp"))
    yield var
    shutil.rmtree(var)


@contextmanager
def started(var: Path, port: int) -> Iterator[Everything]:
    running = Everything(var, port)
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.wait()
    assert eventually(running.is_gone, 60)


@pytest.fixture
def everything(home: Path, port: int) -> Iterator[Everything]:
    with started(home, port) as running:
        yield running


@pytest.fixture
def for_the_first_time(port: int) -> Iterator[Everything]:
    var = Path(tempfile.mkdtemp(prefix="ys-up-", dir="/tmp"))
    with started(var, port) as running:
        yield running
    shutil.rmtree(var)


def test_ctrl_c_stops_everything_including_the_database(everything: Everything) -> None:
    (everything.var / "demo-logins.json").write_text(
        json.dumps([{"email": "ada@example.com", "password": "correct horse", "role": "Administrator"}])
    )
    everything.wait_until_it_answers()
    asked = time.monotonic()
    everything.process.send_signal(signal.SIGINT)
    assert everything.process.wait(PATIENCE) == 0
    assert eventually(everything.is_gone, 15 - (time.monotonic() - asked))
    told = everything.log.read_text()
    assert f"Yardstick CRM is at http://localhost:{everything.port}" in told
    assert "ada@example.com  correct horse  Administrator" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_prepares_stops_it_too(for_the_first_time: Everything, number: signal.Signals) -> None:
    everything = for_the_first_time
    assert eventually(lambda: (everything.var / "postgres" / "claim.json").exists(), PATIENCE)
    everything.process.send_signal(number)
    assert everything.process.wait(PATIENCE) == 0
    assert eventually(everything.is_gone)
    assert "Traceback" not in everything.log.read_text()


def test_being_told_to_end_is_the_same_as_ctrl_c(everything: Everything) -> None:
    assert eventually(lambda: "beat" in everything.children(), PATIENCE)
    everything.process.send_signal(signal.SIGTERM)
    assert everything.process.wait(PATIENCE) == 0
    assert eventually(everything.is_gone)


def test_a_child_that_dies_brings_the_others_down_with_its_exit_code(everything: Everything) -> None:
    everything.wait_until_it_answers()
    os.kill(everything.children()["beat"], signal.SIGKILL)
    assert everything.process.wait(PATIENCE) == 128 + signal.SIGKILL
    assert eventually(everything.is_gone)


def test_a_killed_supervisor_leaves_nothing_behind(everything: Everything) -> None:
    everything.wait_until_it_answers()
    everything.process.kill()
    assert eventually(everything.is_gone, 20)


def test_a_taken_port_is_named_in_one_sentence(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        var = Path(tempfile.mkdtemp(prefix="ys-up-", dir="/tmp"))
        seen = Everything(var, port)
        assert seen.process.wait(PATIENCE) == 1
    assert seen.log.read_text() == (
        f"CommandError: Port {port} of 127.0.0.1 is taken: stop what listens there, or choose another (--port).\n"
    )
    assert not (var / "postgres").exists()
    shutil.rmtree(var)
