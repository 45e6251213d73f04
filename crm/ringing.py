"""Telling a worker that there is something to do."""

from __future__ import annotations

from typing import Any

import structlog


def ring(task: Any, **about: Any) -> None:
    """Start the Celery task. When the broker is away, that is only logged: a sweep finds the work later."""
    try:
        task.apply_async(kwargs=about, retry=False)
    except Exception:
        structlog.get_logger(__name__).warning("broker_unreachable", exc_info=True)
