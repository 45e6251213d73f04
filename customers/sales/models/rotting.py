"""Opportunities that lie where they are: longer in their stage than it allows, counted from the day they entered it or
from the last real contact about them, whichever is later. A note is no contact, and neither is an edit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest

from customers.models import Activity
from customers.sales.models.opportunity import Opportunity

CONTACT = [kind for kind in Activity.Type.values if kind != Activity.Type.NOTE]


def days_over(since: datetime, contact: datetime | None, allowed: int | None, now: datetime) -> int | None:
    """For how many whole days it has been rotting; None where it is not, 0 on the first day."""
    if allowed is None:
        return None
    over = now - max(since, contact or since) - timedelta(days=allowed)
    return over.days if over > timedelta() else None


def add_rotting(opportunities: Iterable[Any], now: datetime) -> None:
    """Lets each say `rotten_days`: None where nothing rots. One query where a stage has a limit, else none.

    Each has its stage at hand.
    """
    limited = [one for one in opportunities if one.stage.is_open and one.stage.rot_days]
    contacts = last_contacts([one.pk for one in limited])
    for one in opportunities:
        allowed = one.stage.rot_days if one.stage.is_open else None
        one.rotten_days = days_over(one.stage_since, contacts.get(one.pk), allowed, now) if allowed else None


def last_contacts(ids: list[int]) -> dict[int, datetime]:
    """When somebody was last in touch about each."""
    if not ids:
        return {}
    about = Activity.objects.alive().filter(about_kind=Opportunity.kind, about_id__in=ids, type__in=CONTACT)
    return dict(about.order_by().values_list("about_id").annotate(Max("at")))


def with_quiet_since(opportunities: QuerySet[Any]) -> QuerySet[Any]:
    """Each with `quiet_since`: since when there was neither a new stage nor contact."""
    about = Activity.objects.alive().filter(about_kind=Opportunity.kind, about_id=OuterRef("pk"), type__in=CONTACT)
    latest = about.order_by("-at", "-pk").values("at")[:1]
    return opportunities.annotate(quiet_since=Greatest("stage_since", Subquery(latest)))
