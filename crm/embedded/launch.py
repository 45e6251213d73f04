"""Becomes the database's user and then the command given: `python -I -S launch.py '{"uid": …}' command …`.

A program of its own, so that no Python code runs between fork and exec of a process that may have threads.
"""

import ctypes
import json
import os
import signal
import socket
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: list[str]) -> None:
    how, command = json.loads(arguments[0]), arguments[1:]
    os.umask(how.get("umask", 0o077))
    os.nice(how.get("nice", 0))
    if how.get("uid") is not None:
        become(how["uid"], how["gid"], how.get("capability"))
    if how.get("parent"):
        die_with(how["parent"], how.get("signal", signal.SIGINT))
    if how.get("after"):
        wait_for(tuple(how["after"]))
    os.execv(command[0], command)


def wait_for(address: tuple[str, int], longest: float = 30) -> None:
    """Until somebody listens there: what is not urgent leaves the processor to what is."""
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.2)


def become(uid: int, gid: int, capability: int | None) -> None:
    """Drop root for good; a capability to pass closed parent folders may be kept across the exec."""
    if capability is not None:
        prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if capability is not None:
        keep(capability)


def keep(capability: int) -> None:
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; then the same for the upper 32 capabilities
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def die_with(parent: int, number: int) -> None:
    """Be stopped when the parent is gone, however it went. (After the change of user, which would clear it.)"""
    if not sys.platform.startswith("linux"):
        return
    prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(1)


def current_umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def prctl(option: int, *values: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *padded):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    main(sys.argv[1:])
