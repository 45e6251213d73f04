from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.web import navigation, panels


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The day at a glance: what the installed parts put into the slots of this page."""
    now = timezone.localtime()
    values = {
        "part_of_day": "morning" if 4 <= now.hour < 12 else "afternoon" if now.hour < 18 else "evening",
        "today": now,
        "main": panels.for_slot("home.main", request.user),
        "side": panels.for_slot("home.side", request.user),
        "pages": [item for section in navigation.for_user(request.user) for item in section.items if item.url != "/"],
    }
    return render(request, "home.html", values)
