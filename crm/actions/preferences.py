"""What a person sets for themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.actions import records
from crm.models import User


def prefer(*, by: Any, at: datetime, **changes: Any) -> User:
    """Change one's own language, theme, timezone and what comes by mail; anything else is refused."""
    refused = set(changes) - {"language", "theme", "timezone", "reminds_by_mail", "summary_hour"}
    if refused:
        raise ValueError(f"Not a preference: {', '.join(sorted(refused))}.")
    # Read anew: `request.user` is a lazy stand-in, not a User.
    person = User.objects.get(pk=by.pk)
    return records.update(person, changes, by=person, at=at, event="preferred")
