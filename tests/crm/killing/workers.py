"""Real Celery workers on the test's database, to be killed, and the bell they are rung by."""

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
from django.db import connection

from tests.architecture.sources import ROOT


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
    bell = Celery("bell", broker=env["KILL_BROKER"], set_as_current=False)  # tasks of this process keep their own
    if env["KILL_BROKER"].startswith("filesystem"):
        folder = env["KILL_FOLDER"]
        bell.conf.broker_transport_options = {
            "data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "-control",
        }  # fmt: skip
    return bell
