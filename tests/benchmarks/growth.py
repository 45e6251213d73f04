"""What becomes of a time when the organisation grows: two results of `--json`, side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

MOST = 1.5
SAID_BY_RUN = re.compile(r", \d+ of \d+ MB$")  # the memory it took
DEEP = re.compile(r"page [\d,]+$")  # as deep as there are pages, which differs


def compare(small: Path, large: Path) -> int:
    """Prints them; 1 where something has no equal answer or nothing to be compared with."""
    before, after = (json.loads(file.read_text(encoding="utf-8")) for file in (small, large))
    known = {_key(row): row for row in before["rows"]}
    pairs = [(known[_key(row)], row) for row in after["rows"] if _key(row) in known]
    sizes = f"p50 ms of {before['customers']:,} | of {after['customers']:,}"
    print(f"| operation | as | {sizes} | × at one pace | × CPU | budget |")
    print("|---|---|---:|---:|---:|---:|---|")
    for old, new in pairs:
        print(_line(old, new))
    return 0 if pairs and all(row["same"] for pair in pairs for row in pair) else 1


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return DEEP.sub("deep", SAID_BY_RUN.sub("", row["name"])), row["who"]


def _line(old: dict[str, Any], new: dict[str, Any]) -> str:
    """Judged is what people wait for: of what runs over all rows at once the raw SQL is the measure."""
    grown = (new["p50"] / new["pace"]) / (old["p50"] / old["pace"])  # as if the machine had been as fast both times
    of_cpu = f"{new['cpu'] / old['cpu']:.2f}" if old["cpu"] else ""
    budget = f"≤ {MOST}{' ✓' if grown <= MOST else ' ✗ missed'}" if new["budget"].startswith("p95") else ""
    name, who = _key(new)
    return f"| {name} | {who} | {old['p50']:.1f} | {new['p50']:.1f} | {grown:.2f} | {of_cpu} | {budget} |"
