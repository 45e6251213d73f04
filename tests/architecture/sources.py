"""Where the project's own files are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("crm", "customers", "service", "surveys", "evaluation")


def python_files() -> Iterator[Path]:
    """Hand-written modules of the apps."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def tracked_files() -> list[Path]:
    """Every file git tracks or would track; in an unpacked archive, every file that is not ignored by name."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    names = done.stdout.decode().split("\0") if done.returncode == 0 else []
    found = [ROOT / name for name in names if name]
    return [path for path in found if path.is_file()] or list(python_files())
