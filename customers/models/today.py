"""What to do next, and why: sources of every app, merged and ranked into one list.

A source is a function that asks one question in one statement, bounded in rows and scoped by `visible_to`. Apps above
register theirs in `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import IntEnum
from functools import cached_property
from typing import Any

from django.utils import timezone

from crm.access import addresses
from crm.access.grants import access_of
from customers.models.customer import Customer
from customers.models.snooze import MOST, Snooze
from customers.models.task import Task

ROWS_OF_A_SOURCE = 40


class Weight(IntEnum):
    """What the reason for which something is here counts; docs/today.md says the same."""

    BREACHED = 60  # a promise to a customer is broken already
    WAITING = 45  # a customer waits for an answer
    DUE = 40  # one's own task, or the next step of a sale
    AT_RISK = 35  # a customer may be lost
    RENEWAL = 35  # a contract is to be renewed or cancelled soon
    CLOSE_PASSED = 30  # a forecast is known to be wrong
    NO_STEP = 20  # nothing would happen by itself


A_DAY_LATE, LATE_AT_MOST = 2, 20
PRIORITY: dict[int, int] = {Task.Priority.LOW: -15, Task.Priority.NORMAL: 0, Task.Priority.HIGH: 15}
TIER: dict[str, int] = {Customer.Tier.A: 10, Customer.Tier.B: 5}
ONE_MORE_REASON = 5


@dataclass(frozen=True)
class Item:
    """One row. Two of the same kind and id are one row with both reasons."""

    kind: str
    pk: int
    title: str
    weight: int
    reasons: tuple[str, ...]
    due_at: datetime | None = None
    priority: int = Task.Priority.NORMAL
    customer_id: int | None = None
    customer: Customer | None = None  # where the person may open it
    # What finishes it in place, as addresses of dialogs.
    finish: dict[str, str] = field(default_factory=dict)
    is_renewal: bool = False

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.pk


@dataclass(frozen=True)
class Asking:
    """Who asks, and when; and what each row would ask of the request again, which takes as long as reading the row."""

    user: Any
    now: datetime
    limit: int = ROWS_OF_A_SOURCE

    @cached_property
    def zone(self) -> tzinfo:
        return timezone.get_current_timezone()

    def day(self, moment: datetime) -> date:
        """Of the calendar, where the person is."""
        return moment.astimezone(self.zone).date()

    @cached_property
    def today(self) -> date:
        return self.day(self.now)

    @cached_property
    def tomorrow(self) -> datetime:
        """The first moment of tomorrow, where the person is."""
        return datetime.combine(self.today + timedelta(days=1), time(), self.zone)

    @cached_property
    def _asleep(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        rows = Snooze.objects.of(self.user).asleep(self.today).order_by("-pk")
        for kind, pk in rows.values_list("about_kind", "about_id")[:MOST]:
            found.setdefault(kind, []).append(pk)
        return found

    def asleep(self, kind: str) -> list[int]:
        """The ids of this kind that the person has put off."""
        return self._asleep.get(kind, [])

    @cached_property
    def _addresses(self) -> dict[str, Any]:
        return {}

    def of_record(self, url_name: str, number: int) -> str:
        if url_name not in self._addresses:
            self._addresses[url_name] = addresses.of_records(url_name)
        return str(self._addresses[url_name](number))

    def of_page(self, url_name: str) -> str:
        if url_name not in self._addresses:
            self._addresses[url_name] = addresses.of_page(url_name)
        return str(self._addresses[url_name])

    def log_url(self, *, customer: int | None = None, about: tuple[str, int] | None = None) -> str:
        """The quick form, told what it is about."""
        named = [f"customer={customer}"] if customer else []
        named += [f"about_kind={about[0]}", f"about_id={about[1]}"] if about else []
        return f"{self.of_page('activity-new')}?{'&'.join(named)}"


Source = Callable[[Asking], list[Item]]
_sources: dict[str, tuple[str, Source]] = {}


def register(name: str, source: Source, *, kind: str) -> None:
    """Ask `source` too, for whoever may view records of `kind`."""
    _sources[name] = (kind, source)


def gather(asking: Asking) -> tuple[list[Item], bool]:
    """Everything there is to do, the most pressing first; and whether a source had more than it may say."""
    items: list[Item] = []
    are_more = False
    with access_of(asking.user).at_one_moment():
        for kind, source in reversed(_sources.values()):  # apps above are ready first; what is below speaks first
            if asking.user.access.may(kind, "view"):
                found = source(asking)
                are_more = are_more or len(found) >= asking.limit
                items += found
        awake = [item for item in merged(items) if item.pk not in asking.asleep(item.kind)]
        return ranked(_with_customers(awake, asking.user), asking.now), are_more


def merged(items: Iterable[Item]) -> list[Item]:
    """One row for each record: the weightiest reason counts, every reason is told, whatever finishes it is offered."""
    found: dict[tuple[str, int], Item] = {}
    for item in items:
        known = found.get(item.key)
        if known is None:
            found[item.key] = item
            continue
        dues = [due for due in (known.due_at, item.due_at) if due]
        found[item.key] = replace(
            known,
            weight=max(known.weight, item.weight),
            reasons=(*known.reasons, *(reason for reason in item.reasons if reason not in known.reasons)),
            due_at=min(dues, default=None),
            priority=max(known.priority, item.priority),
            customer_id=known.customer_id or item.customer_id,
            finish=known.finish | item.finish,
        )
    return list(found.values())


def points(item: Item, now: datetime) -> int:
    """How pressing: the weight of its reason, how late it is, how high its priority, how important its customer."""
    late = 0
    if item.due_at and item.due_at < now:
        late = (timezone.localdate(now) - timezone.localdate(item.due_at)).days
    return (
        int(item.weight)
        + min(late * A_DAY_LATE, LATE_AT_MOST)
        + PRIORITY.get(item.priority, 0)
        + (TIER.get(item.customer.tier, 0) if item.customer else 0)
        + ONE_MORE_REASON * (len(item.reasons) - 1)
    )


def ranked(items: Iterable[Item], now: datetime) -> list[Item]:
    """The most pressing first; of equals what is due first, then in a fixed order."""
    never = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(items, key=lambda item: (-points(item, now), item.due_at or never, item.key))


def days_since(moment: datetime, asking: Asking) -> int:
    """Whole days of the calendar between a moment and today."""
    return (asking.today - asking.day(moment)).days


def _with_customers(items: list[Item], user: Any) -> list[Item]:
    ids = {item.customer_id for item in items if item.customer_id}
    # Of most no more is told than their name; a customer has thirty columns.
    seen = Customer.objects.visible_to(user).only("name", "tier").order_by().in_bulk(list(ids)) if ids else {}
    return [replace(item, customer=seen.get(item.customer_id)) for item in items]
