"""Processes that use an embedded server, as this user of the operating system and as another."""

import atexit
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from crm.embedded import identity, locks
from crm.embedded.layout import Layout

PROJECT = Path(__file__).resolve().parents[2]
LAUNCH = PROJECT / "crm/embedded/launch.py"

# What a process using the server does: connect, say what it sees, and stay until its input ends.
USER = """
import json, os, sys
from pathlib import Path
from crm.embedded import cluster, server
import psycopg
cluster.ROOM_FOR_NEW = int(os.environ.get("ROOM_FOR_NEW") or cluster.ROOM_FOR_NEW)
server.LINGER = 0.5  # so that the tests need not wait as long as a person may
try:
    where = server.ensure(Path(sys.argv[1]))
except server.EmbeddedServerError as error:
    print(json.dumps({"error": str(error)}), flush=True)
    sys.exit(1)
with psycopg.connect(**where, autocommit=True) as connection:
    for statement in sys.argv[2:]:
        found = connection.execute(statement)
        rows = found.fetchall() if found.description else []
    started = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0]
print(json.dumps({"started": started, "rows": rows if sys.argv[2:] else [], **where}), flush=True)
if os.environ.get("FORK"):
    if os.fork():
        os._exit(0)  # the child goes on holding what was shared
sys.stdin.read()
"""


class Someone:
    """A user of the operating system, with a folder of its own, under whom processes can be started."""

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.who: identity.Identity | None = None
        base = Path(tempfile.mkdtemp(prefix="ys-", dir="/tmp"))
        if name is not None:
            entry = pwd.getpwnam(name)
            # The interpreter may lie where only root may pass.
            closed = any(
                not identity.is_open_to(folder, entry.pw_uid, entry.pw_gid)
                for program in (Path(sys.executable), Path(sys.executable).resolve(), PROJECT / "manage.py")
                for folder in program.parents
            )
            capability = identity._capability_to_pass(base, entry.pw_uid) if closed else None
            self.who = identity.Identity(entry.pw_uid, entry.pw_gid, capability)
            self.who.own(base)
        self.base = base
        self.layout = Layout(base / "var" / "postgres")
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *statements: str, root: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", USER, str(root or self.layout.root), *statements]
        process = subprocess.Popen(
            self.command(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "YARDSTICK_EMBEDDED_FAST": "1", "PYTHONPATH": str(PROJECT), **environment},
        )
        self.processes.append(process)
        return process

    def command(self, command: list[str]) -> list[str]:
        if self.who is None:
            return command
        return [sys.executable, "-I", "-S", str(LAUNCH), json.dumps(self.who.launch_options), *command]

    def ask(self, *statements: str, root: Path | None = None, **environment: str) -> dict[str, Any]:
        """What a short-lived user of the server gets."""
        process = self.start(*statements, root=root, **environment)
        seen = hear(process)
        leave(process)
        return seen

    def begin_with_a_database(self) -> None:
        """As after an earlier use, without the seconds which making a database takes each time."""
        shutil.copytree(_made_by(self.name), self.layout.root, symlinks=True)
        for path in [self.layout.root.parent, self.layout.root, *self.layout.root.rglob("*")]:
            if self.who is not None:
                self.who.own(path)

    def keeper(self) -> int:
        return int(json.loads(self.layout.claim.read_text())["keeper"])

    def server(self) -> int:
        return int((self.layout.data / "postmaster.pid").read_text().split()[0])

    def tidy_up(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        assert eventually(lambda: is_gone(self), 30), "a server was left behind"
        shutil.rmtree(self.base)


@cache
def _made_by(name: str | None) -> Path:
    """The folder of a stopped server with an empty database, made once in this process and removed with it."""
    first = Someone(name)
    first.ask("SELECT 1")
    assert eventually(lambda: is_gone(first), 30)
    atexit.register(shutil.rmtree, first.base, ignore_errors=True)
    return first.layout.root


def hear(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    seen: dict[str, Any] = json.loads(process.stdout.readline())
    return seen


def leave(process: subprocess.Popen[str]) -> None:
    """Let it come to its end."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    process.wait(10)


def eventually(true: Callable[[], bool], seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def processes_in(folder: Path) -> list[int]:
    """Every process that works in the folder: the server and all its children do."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def is_gone(someone: Someone) -> bool:
    return not locks.is_held(someone.layout.keeper_lock) and not processes_in(someone.base)


# PostgreSQL treats root and an ordinary user differently; an ordinary user can only be itself.
IDENTITIES = [None, "nobody"] if os.geteuid() == 0 else [None]
NAMES = ["this user", "another user"][: len(IDENTITIES)]
