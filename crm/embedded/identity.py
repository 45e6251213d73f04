"""As which user of the operating system the server runs: PostgreSQL refuses to be root."""

import contextlib
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crm.embedded.errors import EmbeddedServerError

SYSTEM_USER = "pgserver"
# Passing closed parent folders: the narrow capability, or the wider one that containers leave to root.
CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE = 2, 1


@dataclass(frozen=True)
class Identity:
    """`uid` is None for an ordinary user, who runs the server as himself."""

    uid: int | None = None
    gid: int | None = None
    capability: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def adopt(self, folder: Path) -> None:
        """Take over what root copied or unpacked here as itself."""
        if self.uid is None or not folder.exists() or folder.stat().st_uid == self.uid:
            return
        for parent, _, files in os.walk(folder):
            for path in (parent, *(os.path.join(parent, name) for name in files)):
                os.chown(path, self.uid, self.gid or -1, follow_symlinks=False)

    @property
    def launch_options(self) -> dict[str, int | None]:
        return {"uid": self.uid, "gid": self.gid, "capability": self.capability}


def choose(data: Path, *needed: Path) -> Identity:
    """Whoever owns the data; else this user, or for root the unprivileged system user, made when missing.

    `needed` are folders which that user must reach, beside the data.
    """
    me = os.geteuid()
    owner = data.stat() if data.exists() else None
    if me != 0:
        if owner is not None and owner.st_uid != me:
            raise EmbeddedServerError(
                f"The database in {data} belongs to the user {_name(owner.st_uid)}: run this as that user or as root, "
                "or set YARDSTICK_VAR to a folder of your own."
            )
        return Identity()
    if owner is not None and owner.st_uid != 0:
        uid, gid = owner.st_uid, owner.st_gid
    else:
        entry = _system_user()
        uid, gid = entry.pw_uid, entry.pw_gid
    closed = [folder for path in (data, *needed) for folder in path.parents if not is_open_to(folder, uid, gid)]
    if not closed:
        return Identity(uid, gid)
    return Identity(uid, gid, _capability_to_pass(closed[0], uid))


def is_open_to(folder: Path, uid: int, gid: int) -> bool:
    """Whether the user may pass through the folder. One that does not exist yet will be made passable."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        return True
    if status.st_uid == uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    try:
        return pwd.getpwnam(SYSTEM_USER)  # made by us, or by a process that started at the same moment
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made: "
            f"add it ({' '.join(command)}), run this as an ordinary user, or set DATABASE_URL."
        ) from None


def _capability_to_pass(folder: Path, uid: int) -> int:
    """A clone under /root is closed to everyone else. Rather than open it, lend the server the right to pass."""
    held = 0
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapPrm:"):
                held = int(line.split()[1], 16)
    except OSError:
        pass
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if held >> capability & 1:
            return capability
    raise EmbeddedServerError(
        f"The database runs as the user {_name(uid)}, to whom {folder} is closed: "
        f"chmod o+x {folder}, or move the project to a folder that others may enter."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
