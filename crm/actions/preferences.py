"""What a person sets for themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.actions import records
from crm.models import User


def prefer(*, by: User, at: datetime, **changes: Any) -> User:
    """Change one's own language, theme or timezone; anything else is refused."""
    refused = set(changes) - {"language", "theme", "timezone"}
    if refused:
        raise ValueError(f"Not a preference: {', '.join(sorted(refused))}.")
    return records.update(by, changes, by=by, at=at, event="preferred")
