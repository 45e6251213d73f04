"""Locks of the kernel on files: gone with their holders, shared with forked children, not with other programs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm.embedded.errors import EmbeddedServerError


def take(path: Path, kind: int, deadline: float) -> int:
    """An open file with the lock, waited for until the deadline (of time.monotonic)."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        while True:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(handle)
                    raise EmbeddedServerError(
                        f"Another process has been starting or stopping the database in {path.parent} for too long: "
                        "wait for it, or end it."
                    ) from None
                time.sleep(0.01)
            else:
                break
        if is_at(handle, path):
            return handle
        os.close(handle)  # the folder was removed and made anew while we waited


@contextmanager
def held(path: Path, deadline: float) -> Iterator[int]:
    handle = take(path, fcntl.LOCK_EX, deadline)
    try:
        yield handle
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether anyone holds the lock for itself."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def is_at(handle: int, path: Path) -> bool:
    """Whether the open file is still the one at that path. (A daemon may have closed it, and its number be reused.)"""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False
