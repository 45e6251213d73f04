"""A command that runs while something else is prepared, so that nobody waits for the one and then for the other."""

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from types import TracebackType
from typing import Self


class Failed(Exception):
    """What the command had to say of it stands in the output already."""


class Beside:
    """`with Beside(command) as other: …; other.finish()`. When it fails, what runs beside it is interrupted at once.

    The command has a process group of its own: Ctrl-C is heard by us alone, and we end all that it started.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self.is_given_up = False
        self.has_failed = False

    def __enter__(self) -> Self:
        self.process = None
        if words := shlex.split(self.command):
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True)
            self.watcher = threading.Thread(target=self._watch, args=[self.process], daemon=True)
            self.watcher.start()
        return self

    def finish(self) -> None:
        """Wait until it has done its work."""
        if self.process is not None:
            self.watcher.join()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.is_given_up = True
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
        if self.has_failed:
            raise Failed(f"This failed, for the reason above: {self.command}") from None

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        if process.wait() and not self.is_given_up:
            self.has_failed = True
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
