"""What is kept of a failure: the trace, from whose end an administrator is told in one line what went wrong."""

from __future__ import annotations

LONGEST = 4000


def kept(trace: str) -> str:
    """What went wrong stands at the end of a trace, after where: a long one loses its beginning."""
    return trace if len(trace) <= LONGEST else "…" + trace[1 - LONGEST :]


def sentence(trace: str) -> str:
    """What went wrong, without where: `Refused: The server does not answer.`"""
    lines = trace.rstrip().splitlines()
    places = [number for number, line in enumerate(lines) if line.startswith((" ", "Traceback", "…"))]
    told = lines[places[-1] + 1] if places and places[-1] + 1 < len(lines) else lines[-1] if lines else ""
    name, colon, what = told.partition(": ")
    return f"{name.rpartition('.')[2]}{colon}{what}" if " " not in name else told
