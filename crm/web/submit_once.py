"""A form that arrives twice is carried out once: `{% submit_once %}` gives each rendered form a token."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest

REMEMBERED = 60 * 60


def first_time(request: HttpRequest) -> bool:
    """Whether this form was not sent before. Ask after validation, right before the action; no token counts as first.

    A form rendered again with errors carries a new token.
    """
    token = request.POST.get("submit_once", "")
    if not token:
        return True
    return cache.add(f"submit-once:{request.user.pk}:{token[:40]}", True, REMEMBERED)
