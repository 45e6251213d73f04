"""A command that runs while something else is prepared, so that nobody waits for the one and then for the other."""

import contextlib
import os
import shlex
import signal
import subprocess
from types import TracebackType
from typing import Self


class Failed(Exception):
    """What the command had to say of it stands in the output already."""


class Beside:
    """`with Beside(command) as other: …; other.check(); …; other.finish()`.

    The command has a process group of its own: Ctrl-C is heard by us alone, and we end all that it started.
    """

    def __init__(self, command: str) -> None:
        self.command = command

    def __enter__(self) -> Self:
        words = shlex.split(self.command)
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, start_new_session=True) if words else None
        return self

    def check(self) -> None:
        """Go no further where it has failed."""
        if self.process is not None and self.process.poll():
            raise Failed(f"This failed, for the reason above: {self.command}")

    def finish(self) -> None:
        """Wait until it has done its work."""
        if self.process is not None:
            self.process.wait()
            self.check()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()
