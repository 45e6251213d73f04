"""What the pages have in common that somebody without an account opens by a link."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

R = TypeVar("R", bound=HttpResponse)


def secluded(response: R) -> R:
    """The address is a secret: it is told to no search engine, no cache and no other site."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def chosen_language(request: HttpRequest) -> str:
    """What the switch on the page says; "" where it says nothing that is known."""
    wanted = request.POST.get("lang") or request.GET.get("lang") or ""
    return wanted if wanted in dict(settings.LANGUAGES) else ""
