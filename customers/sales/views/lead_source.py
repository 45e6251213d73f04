"""Where a provider of leads says that there is something new. It only means: fetch now; what is new is asked for."""

from __future__ import annotations

import hmac
import re
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from crm.mail import vault
from crm.ringing import ring
from crm.web import limits
from customers.sales import tasks
from customers.sales.actions import facebook, lead_sources
from customers.sales.models import LeadSource

CHALLENGE = re.compile(r"[\w.-]{1,200}", re.ASCII)
TOLD_PER_MINUTE = 600  # by one address: a provider's server speaks for many people


# Exempt from the CSRF cookie: a program calls, and what it says is signed.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class LeadSourceDoor(View):
    """GET answers the provider's question whether this is the right door; POST wakes the fetching."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if limits.is_too_fast(request, "lead-source", TOLD_PER_MINUTE):
            return HttpResponse(status=429)
        known = LeadSource.objects.filter(is_active=True)  # scoped: nobody is signed in, and nothing of it is shown
        source = known.filter(key=kwargs["key"]).first()
        if source is None and request.method in ("GET", "HEAD", "POST"):
            return HttpResponse(status=404)
        answer: Any = super().dispatch(request, source)
        return answer

    def get(self, request: HttpRequest, source: LeadSource) -> HttpResponse:
        challenge = request.GET.get("hub.challenge", "")
        given = request.GET.get("hub.verify_token", "").encode()
        is_asked = request.GET.get("hub.mode") == "subscribe" and CHALLENGE.fullmatch(challenge)
        if not is_asked or not hmac.compare_digest(given, source.verify_token.encode()):
            return HttpResponse(status=403)
        return HttpResponse(challenge, content_type="text/plain")

    def post(self, request: HttpRequest, source: LeadSource) -> HttpResponse:
        try:
            is_signed = facebook.is_signed(source, request.body, request.headers.get("X-Hub-Signature-256", ""))
        except vault.Locked:
            is_signed = False
        if not is_signed:
            return HttpResponse(status=403)
        if lead_sources.wake(facebook.forms_told_of(request.body), at=timezone.now()):
            ring(tasks.fetch_leads_now)
        return HttpResponse(status=200)
