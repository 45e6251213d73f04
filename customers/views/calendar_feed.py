"""A private address for calendar programs: the page that makes it, and the file it leads to."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.http import http_date, quote_etag
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST, require_safe

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import limits
from crm.web.toasts import toast
from customers.actions import calendar_feeds
from customers.models import CalendarFeed, Task, icalendar_file

A_MINUTE = 30


class CalendarFeedPage(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Task.kind, Verb.VIEW)
        return self.page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Made, or made anew: the address is shown this once."""
        guards.require(request.user, Task.kind, Verb.VIEW)
        user: Any = request.user
        secret = calendar_feeds.issue(by=user, at=timezone.now())
        address = request.build_absolute_uri(reverse("calendar-feed-file", args=[secret]))
        return self.page(request, address=address, status=201)

    def page(self, request: HttpRequest, status: int = 200, **extra: Any) -> HttpResponse:
        feed = CalendarFeed.objects.visible_to(request.user).first()
        context = {"feed": feed if feed is not None and feed.is_usable else None, **extra}
        response = render(request, "customers/calendar/feed.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response


@require_POST
def revocation(request: HttpRequest) -> HttpResponse:
    guards.require(request.user, Task.kind, Verb.VIEW)
    feed = CalendarFeed.objects.visible_to(request.user).first()
    if feed is not None:
        user: Any = request.user
        calendar_feeds.revoke(feed, by=user, at=timezone.now())
        toast(request, _("The address leads nowhere any more."))
    return redirect("calendar-feed")


# The secret in the address is the whole authority: a calendar program has no session.
@method_decorator([login_not_required, require_safe], name="dispatch")
class CalendarFeedFile(View):
    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        if limits.is_too_fast(request, "calendar-feed", A_MINUTE):
            return HttpResponse(_("Too many requests; try again in a minute."), status=429, content_type="text/plain")
        now = timezone.now()
        feed = calendar_feeds.opened(secret, now)
        if feed is None or not feed.user.access.may(Task.kind, Verb.VIEW):
            # Wrong, old and revoked: letter by letter the same.
            return HttpResponse(_("There is no such calendar."), status=404, content_type="text/plain; charset=utf-8")
        with translation.override(feed.user.language):
            return self.file(request, feed.user, now)

    def file(self, request: HttpRequest, user: Any, now: Any) -> HttpResponse:
        """304 where the program has it already; kept by no cache in between."""
        content = icalendar_file.write(user, now, lambda task: request.build_absolute_uri(task.get_absolute_url()))
        etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
        changed = icalendar_file.changed(user, now)
        response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="yardstick.ics"'
        response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
        if changed is not None:
            response["Last-Modified"] = http_date(changed.timestamp())
        # By the content alone: what is no longer visible changes it without being newer.
        return get_conditional_response(request, etag, None, response) or response
