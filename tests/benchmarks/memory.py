"""The most memory this process had in use since it was last asked to forget; Linux only."""

from __future__ import annotations

from pathlib import Path

OWN = Path("/proc/self")
FORGET = "5"  # resets the peak: proc(5), clear_refs


def forget_peak() -> None:
    try:
        (OWN / "clear_refs").write_text(FORGET, encoding="ascii")
    except OSError:
        return  # then the peak is that of the whole process


def peak() -> int | None:
    """In megabytes."""
    try:
        lines = (OWN / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("VmHWM:")), None)
    return int(found.split()[1]) // 1024 if found else None
