"""What every part of the demo organisation shares: the day it is dated to, chance, and what was made so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar

from django.utils import timezone

from crm.business_time import Calendar
from crm.models import Event, EventLink, Team, User
from evaluation.demo import storing
from evaluation.demo.calendar import StoryDays
from service.models import Ticket
from surveys.models import Response

SEED = 20_240_229
YEARS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """How much of everything. Tests make the small one."""

    customers: int
    opportunities: int
    tickets: int
    activities: int
    months_measured: int


SIZES = {
    "full": Size(customers=2000, opportunities=2500, tickets=4000, activities=20_000, months_measured=24),
    "small": Size(customers=500, opportunities=500, tickets=1300, activities=1600, months_measured=3),
}


@dataclass
class Person:
    """A contact as the demo needs it: who they are at which customer."""

    contact: Any
    customer: Any


@dataclass
class World:
    today: date
    size: Size
    days: StoryDays
    random: Random = field(default_factory=lambda: Random(SEED))
    users: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    calendar: Calendar | None = None
    products: list[Any] = field(default_factory=list)
    reasons: list[Any] = field(default_factory=list)
    customers: list[Any] = field(default_factory=list)
    people: dict[int, list[Any]] = field(default_factory=dict)  # contacts by customer id, the main one first
    owners: dict[int, list[tuple[datetime, User]]] = field(default_factory=dict)  # by customer id, oldest first
    wins: dict[int, list[datetime]] = field(default_factory=dict)  # by customer id
    kept: dict[int, list[datetime]] = field(default_factory=dict)  # when a contract began or went on, by customer id
    opportunities: list[Any] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    told: list[tuple[Event, list[Any]]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """Everything has happened before today began: what is dated later is still to come."""
        return at_clock(self.today, 0)

    @property
    def start(self) -> date:
        return self.today - timedelta(days=365 * YEARS)

    @property
    def reps(self) -> list[User]:
        return [user for key, user in self.users.items() if key.startswith("rep")]

    @property
    def agents(self) -> list[User]:
        return [user for key, user in self.users.items() if key.startswith("agent")]

    def pick(self, options: Sequence[T], weights: Sequence[float] | None = None) -> T:
        return self.random.choices(options, weights)[0]

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def working_moment(self, day: date) -> datetime:
        """Some minute between nine and five of the first working day from `day` on."""
        day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
        return at_clock(day, 9) + timedelta(minutes=self.random.randrange(480))

    def past_moment(self, day: date) -> datetime:
        """The same, but never later than yesterday evening."""
        return min(self.working_moment(day), self.now - timedelta(hours=8, minutes=self.random.randrange(400)))

    def day_between(self, first: date, last: date) -> date:
        return first + timedelta(days=self.random.randrange(max((last - first).days, 0) + 1))

    def growing_day(self, first: date) -> date:
        """A past day, later ones more likely: the organisation grows."""
        share = self.random.triangular(0, 1, 0.9)
        return first + timedelta(days=int(share * max((self.today - first).days - 1, 0)))

    def steady_day(self, first: date) -> date:
        """A past day; the last year has a fifth more of them than the first."""
        return first + timedelta(days=int(self.random.random() ** 0.9 * max((self.today - first).days - 1, 0)))

    def owner_at(self, customer: Any, at: datetime) -> User:
        """Whose the customer was then."""
        held = self.owners[customer.pk]
        return next((owner for since, owner in reversed(held) if since <= at), held[0][1])

    def tell(self, type: str, subject: Any, *, by: Any, at: datetime, data: Any = None, about: Sequence[Any]) -> None:
        """A line on the timelines. Nobody reacts to it: it is long ago."""
        event = Event(
            type=type, subject_kind=subject.kind, subject_id=subject.pk, subject_label=str(subject)[:200],
            by=by, at=at, data=data or {},
        )  # fmt: skip
        self.told.append((event, [subject, *about]))

    def write_down(self) -> None:
        """Store what was told, oldest first."""
        self.told.sort(key=lambda pair: (pair[0].at, pair[0].type, pair[0].subject_id))
        storing.store(Event, [event for event, _ in self.told])
        storing.copy(
            EventLink, ("event_id", "kind", "object_id", "at"),
            (
                f"{event.pk}\t{kind}\t{pk}\t{event.at.isoformat()}\n"
                for event, records in self.told
                for kind, pk in sorted({(record.kind, record.pk) for record in records if record is not None})
            ),
        )  # fmt: skip
        self.told.clear()


def at_clock(day: date, hour: int, minute: int = 0) -> datetime:
    """On the clock of the organisation's time zone."""
    local = datetime.combine(day, time(hour, minute), tzinfo=timezone.get_default_timezone())
    return local.astimezone(UTC)


class Share:
    """Says yes as often as asked for, evenly: of ten with 0.8, eight, whatever chance would have it.

    What the story is about must be seen in a month of forty answers, and chance alone would blur it.
    """

    def __init__(self) -> None:
        self.credit = 0.5

    def says_yes(self, share: float) -> bool:
        self.credit += share
        if self.credit >= 1:
            self.credit -= 1
            return True
        return False
