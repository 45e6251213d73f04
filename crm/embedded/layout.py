"""Where the embedded server keeps its things."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

PORT = 5432  # names the socket only; nothing listens on the network
SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un


def folder(var: Path | None = None) -> Path:
    """The server's folder under `var` (YARDSTICK_VAR, or var/ in the project).

    A server that may lose data gets a folder of its own, so that real data is never served by it.
    """
    var = var or Path(os.environ.get("YARDSTICK_VAR") or Path(__file__).resolve().parents[2] / "var")
    return var.absolute() / ("postgres-test" if is_fast() else "postgres")


def is_fast() -> bool:
    """For tests: no waiting for the disk, data lost when the machine stops."""
    return os.environ.get("YARDSTICK_EMBEDDED_FAST", "") not in {"", "0"}


@dataclass(frozen=True)
class Layout:
    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server; who gets it alone knows that nobody does."""
        return self.root / "users.lock"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def keeper_lock(self) -> Path:
        return self.root / "keeper.lock"

    @property
    def claim(self) -> Path:
        return self.root / "claim.json"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: in the server's own, or a short private one where that path is too long.

        libpq reads a comma as a list of hosts, and PostgreSQL a quote as the end of a name.
        """
        own = self.root / "run"
        path = str(own / f".s.PGSQL.{PORT}")
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT and not set(path) & set(",\"'\\"):
            return own
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"yardstick-{digest}"
