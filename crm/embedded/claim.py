"""Which installation holds the folder: written while a server runs on it, gone after a clean stop.

On one machine the locks of the kernel decide. They say nothing about a folder that another machine shares, nor
about a copy of a running server's folder; the claim does.
"""

import json
import os
import socket
from pathlib import Path
from typing import Any

from crm.embedded.errors import EmbeddedServerError
from crm.embedded.layout import Layout

PROJECT = Path(__file__).resolve().parents[2]
SILENCE = 30  # seconds without a sign of life after which a keeper out of our sight counts as dead


def ours(layout: Layout) -> dict[str, Any]:
    return {
        "project": str(PROJECT),
        "host": socket.gethostname(),
        "kernel": _first_line("/proc/sys/kernel/random/boot_id"),
        "processes": _namespace(),
        "folder": str(layout.root),
        "inode": layout.root.stat().st_ino,
        "sockets": str(layout.sockets),
    }


def read(layout: Layout) -> dict[str, Any]:
    """The claim on the folder; empty when nobody made one."""
    try:
        claim = json.loads(layout.claim.read_text())
    except (OSError, ValueError):
        return {}
    return claim if isinstance(claim, dict) else {}


def refuse_foreign(layout: Layout, claim: dict[str, Any]) -> None:
    """A server is running here: it must be this installation's, in reach of our socket."""
    mine = ours(layout)
    for field in ("project", "kernel", "processes"):
        if claim.get(field) != mine[field]:
            raise EmbeddedServerError(
                f"The database in {layout.root} is in use by another installation "
                f"({claim.get('project')} on {claim.get('host')}): stop that one, "
                "or set YARDSTICK_VAR to a folder of your own."
            )


def refuse_leftover(layout: Layout, claim: dict[str, Any]) -> None:
    """No server is running here as far as we see, yet one did not finish: is it dead, elsewhere, or in the original?"""
    if not claim:
        return
    mine = ours(layout)
    if claim.get("inode") != mine["inode"]:
        raise EmbeddedServerError(
            f"The database in {layout.root} was copied from {claim.get('folder')} while it was running, so it may be "
            f"damaged: copy it again after stopping that one, or delete {layout.claim} to use it all the same."
        )
    same_kernel = claim.get("kernel") == mine["kernel"]
    same_host = claim.get("host") == mine["host"]
    # The same machine after a restart, or the same processes in our sight: the locks have told the truth.
    if (same_kernel and claim.get("processes") == mine["processes"]) or (same_host and not same_kernel):
        return
    if _silence(layout) < SILENCE:
        raise EmbeddedServerError(
            f"The database in {layout.root} is in use by another installation ({claim.get('project')} on "
            f"{claim.get('host')}): stop that one, or set YARDSTICK_VAR to a folder of your own; if it has just died, "
            f"try again in {SILENCE} seconds."
        )


def _silence(layout: Layout) -> float:
    """Seconds since the last sign of life, both ends by the clock of the file system."""
    os.utime(layout.start_lock)
    return layout.start_lock.stat().st_mtime - layout.claim.stat().st_mtime


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
