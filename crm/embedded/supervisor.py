"""Honcho, with the two things it leaves open: what happens when it is killed itself, and when to say "ready"."""

import contextlib
import functools
import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from honcho import manager
from honcho.compat import ProcessManager
from honcho.manager import SIGNALS, Manager
from honcho.printer import Message, Printer
from honcho.process import Process

from crm.embedded import launch

# An idle worker needs two or three seconds to end by itself, a task in work longer; honcho would wait for five.
manager.KILL_WAIT = 8
ASKED_TO_STOP = {known["rc"] for known in SIGNALS.values()}


class BoundProcess(Process):
    """A child that is told to stop when its supervisor dies, be it by `kill -9`."""

    def __init__(self, cmd: str, *, after: tuple[str, int] | None = None, **options: Any) -> None:
        super().__init__(cmd, **options)
        self.cmd: str = cmd
        self.after = after
        self.supervisor = os.getpid()

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        # The process that honcho forks for each child, and through launch.py the child itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        launch.die_with(self.supervisor, signal.SIGKILL)
        how: dict[str, Any] = {"parent": os.getpid(), "signal": signal.SIGTERM, "umask": launch.current_umask()}
        if self.name != "web":
            how |= {"nice": 5, "after": self.after}  # people wait for pages, nobody for the background
        wrapper = [sys.executable, "-I", "-S", launch.__file__, json.dumps(how)]
        self.cmd = f"exec {shlex.join(wrapper)} {self.cmd}"
        super().run(events, ignore_signals)


class PoliteEnd(ProcessManager):
    def terminate(self, pid: int) -> None:
        """Ask the process, not its whole group: Celery and gunicorn see to their own children."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


class ReadyPrinter(Printer):
    """Relays the lines of the children, and says once that the web server answers."""

    def __init__(self, address: tuple[str, int], announce: Callable[[], None], output: TextIO) -> None:
        super().__init__(output)
        self.address = address
        self.announce: Callable[[], None] | None = announce

    def write(self, message: Message) -> None:
        super().write(message)
        if self.announce is not None and answers(self.address):
            announce, self.announce = self.announce, None
            announce()


class Supervisor(Manager):
    def __init__(self, printer: Printer) -> None:
        super().__init__(printer)
        self._procmgr = PoliteEnd()
        self._process_ctor = functools.partial(BoundProcess, after=getattr(printer, "address", None))
        self._asked: list[int] = []

    def loop(self) -> None:
        try:
            super().loop()
        finally:  # also of an error: whoever waits here dies, and its child with it
            for process in [known["process"] for known in self._processes.values() if "process" in known]:
                process.kill()

    def _start(self) -> None:
        # What honcho does on a signal (it prints, we look at a socket) must not happen in the middle of the same.
        self._act_on = signal.getsignal(signal.SIGTERM)
        for number in SIGNALS:
            signal.signal(number, lambda number, frame: self._asked.append(number))
        super()._start()

    def _all_started(self) -> bool:
        """Looked at in every turn of honcho's loop: from then on it knows whom to stop."""
        started: bool = super()._all_started()
        if started and self._asked and callable(self._act_on):
            self._act_on(self._asked.pop(), None)
        return started

    def exit_code(self) -> int:
        """0 when somebody asked it to stop, else how the first child ended."""
        code: int = self.returncode or 0
        if code in ASKED_TO_STOP:
            return 0
        return 128 - code if code < 0 else code


def script(name: str, *arguments: str | Path) -> str:
    """The command line of a program that is installed beside the running Python."""
    return shlex.join([str(Path(sys.executable).with_name(name)), *map(str, arguments)])


def answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=0.2).close()
    except OSError:
        return False
    return True


def is_free(address: tuple[str, int]) -> bool:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True
