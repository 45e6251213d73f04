"""Have a PostgreSQL to connect to: `ensure(folder())` starts it, or joins the one that runs."""

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from crm.embedded import claim, cluster, identity, locks
from crm.embedded.cluster import binary
from crm.embedded.errors import EmbeddedServerError, TryAgain
from crm.embedded.layout import PORT, Layout, folder

__all__ = ["DATABASE", "EmbeddedServerError", "binary", "ensure", "folder", "is_running"]

DATABASE = "yardstick"
LINGER = 3.0  # seconds a server outlives its last user: `manage.py` twice in a row starts it once
PATIENCE = 120.0  # for others to start or stop it
KEEPER = Path(__file__).with_name("keeper.py")
LOG_LIMIT = 10 * cluster.MB

_users: dict[Path, int] = {}  # the users' lock of each server this process uses, held until it dies
_mutex = threading.Lock()


def _after_fork() -> None:
    # Another thread may have held it; the users' locks themselves are shared with the parent, which is right.
    global _mutex
    _mutex = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def ensure(data_dir: Path) -> dict[str, Any]:
    """Connection parameters of the server on that folder, which lives at least as long as this process.

    Costs some microseconds when it runs, so it is called before each new connection: a server that died is
    started anew.
    """
    layout = Layout(data_dir.absolute())
    deadline = time.monotonic() + PATIENCE
    with _mutex:
        try:
            _prepare(layout)
            while True:
                _use(layout, deadline)
                if (found := _running(layout)) is not None:
                    return found
                _start(layout, deadline)
        except EmbeddedServerError:
            _leave(layout)
            raise
        except OSError as error:
            _leave(layout)
            raise _trouble(layout.root, error) from None


def is_running(data_dir: Path) -> bool:
    return locks.is_held(Layout(data_dir.absolute()).keeper_lock)


def _prepare(layout: Layout) -> None:
    if layout.root.is_dir():
        return
    layout.root.mkdir(parents=True, exist_ok=True)
    # The server of root belongs to another user, who has to pass; what is inside is closed by itself.
    layout.root.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _use(layout: Layout, deadline: float) -> None:
    """Hold the users' lock; waits while a keeper, alone with it, is stopping the server."""
    known = _users.get(layout.root)
    if known is not None:
        if locks.is_at(known, layout.users_lock):
            return
        del _users[layout.root]  # not closed: the number may be another file's by now
    _users[layout.root] = locks.take(layout.users_lock, fcntl.LOCK_SH, deadline)


def _leave(layout: Layout) -> None:
    """Do not keep alive what we were refused."""
    known = _users.pop(layout.root, None)
    if known is not None and locks.is_at(known, layout.users_lock):
        os.close(known)


def _running(layout: Layout) -> dict[str, Any] | None:
    if not locks.is_held(layout.keeper_lock):
        return None
    current = claim.read(layout)
    if not current:
        return None
    claim.refuse_foreign(layout, current)
    if not current.get("ready"):
        return None
    return {"host": current["sockets"], "port": PORT, "user": cluster.SUPERUSER, "dbname": DATABASE}


def _start(layout: Layout, deadline: float) -> None:
    """Start the server unless another process has; whoever waits for the lock finds it running."""
    with locks.held(layout.start_lock, deadline) as start_lock:
        while locks.is_held(layout.keeper_lock):
            if _running(layout) is not None:
                return
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The database in {layout.root} has been starting or stopping for {PATIENCE:.0f} seconds: "
                    f"look into {layout.log}, and end the process in {layout.claim} if it hangs."
                )
            time.sleep(0.02)
        while True:
            try:
                return _start_keeper(layout, start_lock)
            except TryAgain:
                # Processes of a server that was killed take a moment to notice.
                if time.monotonic() > deadline - PATIENCE + 20:
                    raise
                time.sleep(0.1)


def _start_keeper(layout: Layout, start_lock: int) -> None:
    claim.refuse_leftover(layout, claim.read(layout))
    cluster.check(layout)
    who = identity.choose(layout.data, binary("postgres"), layout.sockets)
    who.adopt(layout.data)
    cluster.create(layout, who, start_lock)
    cluster.stop_leftover(layout)
    _prepare_sockets(layout, who)
    since = _prepare_log(layout)
    layout.keeper_lock.touch(mode=0o600)
    orders = {
        "data": str(layout.data),
        "claim": claim.ours(layout),
        "claim_path": str(layout.claim),
        "users_lock": str(layout.users_lock),
        "keeper_lock": str(layout.keeper_lock),
        "log": str(layout.log),
        "linger": LINGER,
        "command": [json.dumps(who.launch_options), *cluster.command(layout)],
    }
    with layout.log.open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), json.dumps(orders)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    assert keeper.stdout is not None
    with keeper, keeper.stdout as pipe:
        word = pipe.readline().decode().strip()  # recovery after a crash may take its time
    if word == "ready":
        _create_database(layout)
    elif word != "busy":
        raise cluster.failure(layout, since)


def _prepare_sockets(layout: Layout, who: identity.Identity) -> None:
    sockets = layout.sockets
    if sockets.parent != layout.root and sockets.exists():
        # In the temporary folder anyone may have made it first.
        owner = sockets.lstat().st_uid
        if sockets.is_symlink() or owner not in {os.geteuid(), who.uid if who.uid is not None else owner}:
            raise EmbeddedServerError(
                f"The folder {sockets} belongs to somebody else: remove it, or set TMPDIR to a folder of your own."
            )
    sockets.mkdir(mode=0o700, exist_ok=True)
    sockets.chmod(0o700)
    who.own(sockets)


def _prepare_log(layout: Layout) -> int:
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    layout.log.touch(mode=0o600)
    return layout.log.stat().st_size


def _create_database(layout: Layout) -> None:
    host = claim.read(layout).get("sockets", str(layout.sockets))
    with psycopg.connect(
        host=host, port=PORT, user=cluster.SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=30
    ) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _trouble(root: Path, error: OSError) -> EmbeddedServerError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return cluster.full(root if root.exists() else root.parent)
    return cluster.unwritable(Path(error.filename or root), error.strerror)
