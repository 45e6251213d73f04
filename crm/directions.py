"""Characters that turn the direction of what follows: in a name or a title they would turn the line it stands in."""

from __future__ import annotations

import re
from typing import Any

MARKS = "\u202a-\u202e\u2066-\u2069"  # embeddings, overrides, isolates; the plain marks of Arabic and Hebrew stay
_TURNING = re.compile(f"[{MARKS}]")


def straight(value: Any) -> Any:
    return _TURNING.sub("", value) if isinstance(value, str) and not value.isascii() else value
