"""What concerns a person: the bell's count, the page, and marking as read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_safe

from crm.access import guards
from crm.actions import notifications
from crm.models import Notification
from crm.web.lists.paging import Order, Pager
from crm.web.toasts import toast
from crm.web.way_back import leads_here

PAGE = 30
COUNTED = 100  # the bell says "99+" from here on


@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The fragment in the top bar."""
    unread = Notification.objects.visible_to(request.user).unread().order_by()
    context = {"count": unread[:COUNTED].count(), "url": reverse("notification-list")}
    return render(request, "components/bell.html", context)


class NotificationList(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        mine = Notification.objects.visible_to(request.user)
        only_unread = request.GET.get("show") == "unread"
        rows = mine.unread() if only_unread else mine
        pager = Pager(rows, Order("-at", "at", nullable=False), PAGE)
        page = pager.page(request.GET.get("after", ""), request.GET.get("before", ""))
        url = reverse("notification-list")
        context = {
            "page": page,
            "only_unread": only_unread,
            "has_unread": mine.unread().order_by().exists(),
            "tabs": [
                {"label": _("All"), "url": url, "active": not only_unread},
                {"label": _("Unread"), "url": f"{url}?show=unread", "active": only_unread},
            ],
            "keep": "show=unread&" if only_unread else "",
        }
        return render(request, "notifications/list.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mark all as read."""
        notifications.read_all(request.user, timezone.now())
        toast(request, _("All notifications are marked as read."))
        return redirect("notification-list")


class Reading(View):
    """Opening a notification marks it as read, and leads to what it is about."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        notification: Any = guards.get_visible(Notification.objects.all(), request.user, pk=pk)
        notifications.read(notification, timezone.now())
        target = notification.url
        if not leads_here(request, target):
            target = reverse("notification-list")
        return redirect(target)
