"""One's own secret address for a calendar program: made, made anew, ended."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm import events
from crm.models import User
from crm.models.token import digest
from customers.models import CalendarFeed


@transaction.atomic
def issue(*, by: User, at: datetime) -> str:
    """A new address; the one before ends. The secret is returned this once and never stored."""
    secret = CalendarFeed.fresh_secret()
    fresh = {"digest": digest(secret), "made_at": at, "used_at": None, "revoked_at": None}
    CalendarFeed.objects.update_or_create(user=by, defaults=fresh)
    events.record("calendar_feed.issued", by, by=by, at=at)
    return secret


@transaction.atomic
def revoke(feed: CalendarFeed, *, by: User, at: datetime) -> None:
    """The address leads nowhere any more; doing it twice does nothing."""
    locked = CalendarFeed.objects.select_for_update().get(pk=feed.pk)
    if locked.is_usable:
        locked.revoked_at = at
        locked.save(update_fields=["revoked_at"])
        events.record("calendar_feed.revoked", locked.user, by=by, at=at)


def opened(secret: str, at: datetime) -> CalendarFeed | None:
    """The feed of this secret; wrong, old and revoked are alike None."""
    feed = CalendarFeed.objects.with_secret(secret).select_related("user__team").first()
    if feed is not None and feed.used(at):
        feed.save(update_fields=["used_at"])
    return feed
