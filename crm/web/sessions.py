from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views import View

from crm.actions import people
from crm.joining import listed

SEEN_AGAIN_AFTER = timedelta(minutes=5)

# What a browser says of itself names others too, so the order counts.
BROWSERS = {
    "MicroMessenger": "WeChat", "Edg": "Edge", "OPR/": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox",
    "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


def device(user_agent: str) -> str:
    """ "Chrome, Windows" out of a browser's long line about itself; the line where nothing in it is known."""
    found = [next((name for mark, name in names.items() if mark in user_agent), None) for names in (BROWSERS, SYSTEMS)]
    return listed(filter(None, found)) or user_agent


class SessionActivityMiddleware:
    """Notes when and from where a session was last used: at once when that changes, else every five minutes.

    In place of allauth's, which writes at every request: here most requests cost one look by key.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user.is_authenticated and request.session.session_key
        if signed_in and not is_noted(request, timezone.now()):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)


def is_noted(request: HttpRequest, now: datetime) -> bool:
    """Whether what is on record about the session of this request is still true enough."""
    known = UserSession.objects.filter(session_key=request.session.session_key)
    noted = known.values_list("user_id", "ip", "user_agent", "last_seen_at").first()
    if noted is None:
        return False
    longest = UserSession._meta.get_field("user_agent").max_length
    agent = request.META.get("HTTP_USER_AGENT", "")[:longest]
    same = noted[:3] == (request.user.pk, get_adapter().get_client_ip(request), agent)
    return same and now - noted[3] < SEEN_AGAIN_AFTER


class SessionEnd(View):
    """Sign out one of one's own browsers."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = get_object_or_404(UserSession.objects.filter(user=request.user), pk=pk)  # type: ignore[misc]
        people.end_session(session)
        return redirect("usersessions_list")
