"""Runs one PostgreSQL for as long as anyone holds the users' lock: `python -I -S keeper.py '{…}'`.

A process of its own session, so that Ctrl-C and the death of any user do not reach the server. It stands on
locks of the kernel alone: they vanish with their holders, so no death, however sudden, leaves a wrong count.
Standard library only; crm.embedded.server starts it and writes what it is told.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LOOK = 0.25  # seconds between two looks at the lock and the server
BEAT = 5.0  # seconds between two signs of life in the claim


class Keeper:
    def __init__(self, orders: dict[str, Any]) -> None:
        self.data = Path(orders["data"])
        self.claim_path = Path(orders["claim_path"])
        self.users_path = Path(orders["users_lock"])
        self.claim: dict[str, Any] = orders["claim"]
        self.linger: float = orders["linger"]
        self.command: list[str] = orders["command"]
        self.keeper_lock = os.open(orders["keeper_lock"], os.O_RDWR)
        self.users_lock = os.open(self.users_path, os.O_RDWR)
        self.log = os.open(orders["log"], os.O_WRONLY | os.O_APPEND)
        self.told_to_stop = False

    def run(self) -> int:
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self.on_terminate)
        if not self.become_the_only_one():
            return self.report("busy")
        self.write_claim(ready=False)
        how = {**json.loads(self.command[0]), "parent": os.getpid()}
        launch = str(Path(__file__).with_name("launch.py"))
        self.server = subprocess.Popen(
            [sys.executable, "-I", "-S", launch, json.dumps(how), *self.command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd="/",
            # its own group: signals meant for the keeper's do not reach it
            start_new_session=True,
        )
        while not self.is_ready():
            if self.server.poll() is not None or self.told_to_stop:
                self.stop()
                return self.report("failed")
            time.sleep(0.01)
        self.write_claim(ready=True)
        self.report("ready")
        self.keep()
        self.stop()
        return 0

    def on_terminate(self, *_: object) -> None:
        self.told_to_stop = True

    def become_the_only_one(self) -> bool:
        # Others look whether the lock is held by taking it for a moment, hence more than one attempt.
        for _ in range(500):
            try:
                fcntl.flock(self.keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            else:
                return True
        return False

    def report(self, word: str) -> int:
        """Tell whoever started us, if it still lives, and close the pipe it waits on."""
        with contextlib.suppress(OSError):
            os.write(1, f"{word}\n".encode())
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        return 0 if word == "ready" else 1

    def is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.server.pid) and lines[7].strip() == "ready"

    def keep(self) -> None:
        """Return when the server died, its folder was removed, nobody uses it any more or we were told to stop."""
        unused_since: float | None = None
        beat = time.monotonic()
        while self.server.poll() is None and not self.told_to_stop and self.folder_is_there():
            now = time.monotonic()
            if not self.is_unused():
                unused_since = None
            elif unused_since is None:
                unused_since = now
            elif now - unused_since >= self.linger:
                return  # with the lock held alone: newcomers wait until the server has gone
            if unused_since is not None:
                fcntl.flock(self.users_lock, fcntl.LOCK_UN)
            if now - beat >= BEAT:
                beat = now
                self.show_life()
            time.sleep(LOOK)

    def is_unused(self) -> bool:
        try:
            fcntl.flock(self.users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def folder_is_there(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.users_path), os.fstat(self.users_lock))
        except OSError:
            return False

    def write_claim(self, ready: bool) -> None:
        temporary = self.claim_path.with_suffix(".new")
        temporary.write_text(json.dumps({**self.claim, "keeper": os.getpid(), "ready": ready}, indent=1))
        temporary.replace(self.claim_path)

    def show_life(self) -> None:
        with contextlib.suppress(OSError):
            os.utime(self.claim_path)

    def stop(self) -> None:
        """Fast shutdown first, harder when it does not come to its end; then give the folder free."""
        with contextlib.suppress(OSError):
            self.write_claim(ready=False)
        for number, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self.server.poll() is not None:
                break
            self.server.send_signal(number)
            try:
                self.server.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self.claim_path.unlink(missing_ok=True)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # nobody's child: whoever started us need not wait for us, nor be told of our end
    sys.exit(Keeper(json.loads(sys.argv[1])).run())
