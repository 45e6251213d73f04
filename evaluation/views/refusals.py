"""What an action refuses is said on the page it was asked from; nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest

from crm.web.toasts import toast

REFUSALS = (ValidationError, PermissionDenied)


def tried(request: HttpRequest, action: Callable[[], Any], done: Any = "") -> bool:
    """Do it and confirm it, or say why not."""
    try:
        action()
    except REFUSALS as refused:
        toast(request, sentence(refused), level=messages.ERROR)
        return False
    if done:
        toast(request, done)
    return True


def sentence(refused: Exception) -> str:
    return " ".join(refused.messages) if isinstance(refused, ValidationError) else str(refused)
