"""How often one address may come to the public pages: enough for a family, too little for guessing."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

PER_MINUTE = 40


def is_too_fast(request: HttpRequest, purpose: str = "public", per_minute: int = PER_MINUTE) -> bool:
    """Counts this request; True from the one that is too many in this minute."""
    key = f"{purpose}-rate:{address_of(request)}:{this_minute()}"
    cache.add(key, 0, 120)
    try:
        return cache.incr(key) > per_minute
    except ValueError:  # pushed out of the cache in between: the next request counts again
        return False


def this_minute() -> str:
    return f"{timezone.now():%Y%m%d%H%M}"


def address_of(request: HttpRequest) -> str:
    """Whoever connects; behind our own proxy, whoever connected to that."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY else ""
    return forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
