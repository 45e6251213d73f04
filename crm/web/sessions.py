from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from crm.actions import people


class SessionEnd(View):
    """Sign out one of one's own browsers."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = get_object_or_404(UserSession.objects.filter(user=request.user), pk=pk)  # type: ignore[misc]
        people.end_session(session)
        return redirect("usersessions_list")
