"""Following a record: what happens to it is told to its followers, as long as they may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop, override

from crm.access import kinds, together
from crm.actions.notifications import notify
from crm.events import wording
from crm.models import Event, EventLink, Follow, JobRun

JOB = "tell-followers"
# What was written down as of a moment ago may become visible a moment later: looked at again, told once.
OVERLAP, LONGEST = timedelta(minutes=10), timedelta(days=7)


# (since, now) -> events that belong to followed records without being linked to them, with those records.
Source = Callable[[datetime, datetime], Iterable[tuple[Event, list[tuple[str, int]]]]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    if source not in _sources:
        _sources.append(source)


def follow(record: Any, *, by: Any, at: datetime) -> None:
    """Twice is once."""
    one = Follow(user=by, about_kind=record.kind, about_id=record.pk, at=at)
    Follow.objects.bulk_create([one], ignore_conflicts=True)


def unfollow(record: Any, *, by: Any) -> None:
    Follow.objects.visible_to(by).about(record).delete()


def tell(now: datetime) -> None:
    """Everything that was linked to followed records since the last time; each event is told to each person once."""
    last = JobRun.objects.filter(job=JOB, finished_at__isnull=False).order_by("-finished_at").first()
    since = max((last.finished_at if last and last.finished_at else now) - OVERLAP, now - LONGEST)
    followed = Follow.objects.filter(about_kind=OuterRef("kind"), about_id=OuterRef("object_id"))
    links = EventLink.objects.filter(Exists(followed), event__at__gt=since, event__at__lte=now).select_related(
        "event__by"
    )
    for link in links.order_by("at", "event_id"):
        tell_of(link.event, [(link.kind, link.object_id)])
    for source in _sources:
        for event, records in source(since, now):
            tell_of(event, records)


def tell_of(event: Event, records: Iterable[tuple[str, int]]) -> None:
    """This event, to the followers of these records: not to who did it, nor of what they may not see."""
    for kind, pk in records:
        if kind not in together.codes():
            continue
        follows = Follow.objects.filter(about_kind=kind, about_id=pk, at__lte=event.at, user__is_active=True)
        for one in follows.exclude(user=event.by_id).select_related("user"):
            record = together.model_of(kind).objects.visible_to(one.user).filter(pk=pk).first()
            if record is not None and _sees(one.user, event):
                _notify(one.user, record, event)


def _sees(person: Any, event: Event) -> bool:
    model: Any = kinds.get(event.subject_kind).model
    return model is not None and model.objects.visible_to(person).filter(pk=event.subject_id).exists()


def _notify(person: Any, record: Any, event: Event) -> None:
    with override(person.language):
        what = wording.of(event)
    values = {"record": str(record), "what": what, "who": str(event.by) if event.by else ""}
    message = gettext_noop("%(record)s: %(what)s (%(who)s)") if event.by else gettext_noop("%(record)s: %(what)s")
    notify(person, message, values=values, url=record.get_absolute_url(), key=f"follow:{event.pk}", at=event.at)
