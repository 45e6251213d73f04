"""Tickets with what was said and everything that happened to them, timed by the SLA clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from crm import business_time
from crm.models import User
from evaluation.demo import storing, words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World
from service.models import Message, Priority, Queue, SlaPolicy, Ticket, TicketEvent, TicketState

Type = TicketEvent.Type
# Business hours until the first answer (median) and from there to the resolution, by what part of the story it is.
ANSWER_HOURS = {"before": 1.6, "fall": 4.6, "recovering": 2.0, "improved": 0.9}
SOLVE_HOURS = {"before": 8.0, "fall": 17.0, "recovering": 9.0, "improved": 6.0}
REOPENED = {"before": 0.07, "fall": 0.15, "recovering": 0.08, "improved": 0.04}
PAUSED = 0.2
LAUNCH_SHARE = 0.45  # of the tickets of that quarter are about Atlas 3
VOLUME = {"fall": 1.6}
FRESH_DAYS, FRESH = 4, 3.0  # the last days bring more, so that the inbox is not empty
UNTOUCHED = 0.5  # of those nobody has taken yet
PRIORITIES = {Priority.LOW: 2, Priority.NORMAL: 6, Priority.HIGH: 3, Priority.URGENT: 1}
SOURCES = {"mail": 5, "web": 3, "phone": 3, "chat": 1}


@dataclass
class Desk:
    """Where tickets arrive, and the states they pass."""

    queue: Queue
    policy: SlaPolicy
    new: TicketState
    working: TicketState
    waiting: TicketState
    resolved: TicketState
    closed: TicketState

    @classmethod
    def of(cls) -> Desk:
        states = {(state.category, state.is_default): state for state in TicketState.objects.order_by("-position")}
        queue = Queue.objects.select_related("team").order_by("pk").first()
        policy = SlaPolicy.objects.prefetch_related("targets").get(is_default=True)
        return cls(
            queue, policy, states["open", True], states["open", False], states["paused", True],
            states["resolved", True], states["resolved", False],
        )  # fmt: skip


@dataclass
class Course:
    """One ticket while it is told: its rows, its pauses, and the moment the story has come to."""

    ticket: Ticket
    desk: Desk
    calendar: Any
    language: str
    events: list[TicketEvent] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused_since: datetime | None = None

    def note(self, type: str, at: datetime, by: User | None, state: TicketState, **data: Any) -> None:
        ticket = self.ticket
        ticket.state = state
        if self.paused_since and state.category == "open":
            self.pauses.append((self.paused_since, at))
            self.paused_since = None
        elif not self.paused_since and state.category != "open":
            self.paused_since = at
        pauses = [*self.pauses, *([(self.paused_since, None)] if self.paused_since else [])]
        elapsed = business_time.elapsed(self.calendar, ticket.opened_at, at, pauses)
        self.events.append(
            TicketEvent(
                ticket=ticket, type=type, at=at, recorded_at=at, by=by, state=state, category=state.category,
                queue=ticket.queue, owner=ticket.owner, team=ticket.team, priority=ticket.priority, elapsed=elapsed,
                data=data,
            )
        )  # fmt: skip

    def say(self, direction: str, body: str, at: datetime, author: User | None) -> None:
        contact = None if direction == Message.Direction.NOTE else self.ticket.contact
        self.messages.append(
            Message(ticket=self.ticket, direction=direction, author=author, contact=contact, body=body, at=at)
        )


def serve(world: World) -> None:
    desk, days = Desk.of(), _days(world)
    served = [customer for customer in world.customers if world.wins.get(customer.pk)] or world.customers
    courses = [_ticket(world, desk, served, day) for day in days]
    courses.sort(key=lambda course: course.ticket.opened_at)
    for course, number in zip(courses, _numbers(len(courses)), strict=True):
        course.ticket.number = f"T-{number}"
    world.tickets = [course.ticket for course in courses]
    storing.store(Ticket, world.tickets)
    for course in courses:
        for row in (*course.events, *course.messages):
            row.ticket = course.ticket  # now that it has an id
        _tell(world, course)
    events = sorted((row for course in courses for row in course.events), key=lambda row: row.at)
    storing.store(TicketEvent, events)
    messages = sorted((row for course in courses for row in course.messages), key=lambda row: row.at)
    storing.store(Message, messages)


def _days(world: World) -> list[date]:
    """More tickets every year, and many more in the quarter of the launch."""
    span = (world.today - world.start).days
    days = [world.start + timedelta(days=offset) for offset in range(span)]
    weights = [
        (0.5 + offset / span)
        * VOLUME.get(world.days.phase(day), 1.0)
        * (0.0 if day.weekday() > 4 else 1.0)
        * (FRESH if span - offset <= FRESH_DAYS else 1.0)
        for offset, day in enumerate(days)
    ]
    return world.random.choices(days, weights, k=world.size.tickets)


def _numbers(count: int) -> list[int]:
    """From the sequence that numbers all tickets, from its beginning: there are none yet."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE service_ticket_number RESTART")
        cursor.execute("SELECT nextval('service_ticket_number') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def _ticket(world: World, desk: Desk, served: list[Any], day: date) -> Course:
    opened = world.working_moment(day)
    known = [customer for customer in world.random.choices(served, k=6) if customer.created_at < opened]
    customer = known[0] if known else min(served, key=lambda one: one.created_at)
    language, phase = language_of(customer), world.days.phase(day)
    is_launch = phase == "fall" and world.chance(LAUNCH_SHARE)
    category, english, chinese = world.pick(words.LAUNCH_TICKETS if is_launch else words.TICKETS)
    ticket = Ticket(
        subject=chinese if language == words.CHINESE else english, customer=customer,
        contact=world.pick(world.people[customer.pk]), queue=desk.queue, team=desk.queue.team,
        type="incident" if category in ("Fault", words.ATLAS_3) else world.pick(("question", "request", "complaint")),
        source=world.pick(list(SOURCES), list(SOURCES.values())),
        priority=world.pick(list(PRIORITIES), list(PRIORITIES.values())), category=category, state=desk.new,
        opened_at=opened, created_at=opened, sla_policy=desk.policy, waiting_since=opened,
    )  # fmt: skip
    course = Course(ticket, desk, world.calendar, language)
    target = desk.policy.target_for(ticket.priority)
    ticket.first_response_target, ticket.resolution_target = target.first_response, target.resolution
    course.say("inbound", words.ASKED[language].format(subject=ticket.subject), opened, None)
    course.note(Type.OPENED, opened, None, desk.new, direction="inbound")
    _handle(world, course, phase)
    _stand(world, course)
    return course


def _handle(world: World, course: Course, phase: str) -> None:  # noqa: C901 (one life, told in order)
    """Answered, perhaps paused, resolved, perhaps reopened, closed: until today comes in between."""
    ticket, desk, random = course.ticket, course.desk, world.random
    if (world.today - ticket.opened_at.date()).days <= FRESH_DAYS and world.chance(UNTOUCHED):
        return
    agent = world.pick(world.agents)
    urgency = 1.5 - 0.25 * ticket.priority
    hours = ANSWER_HOURS[phase] * urgency * random.lognormvariate(0, 0.7)
    at = _after(course, ticket.opened_at, hours)
    if at >= world.now:
        return
    ticket.owner = agent
    course.note(Type.ASSIGNED, max(at - timedelta(minutes=10), ticket.opened_at), agent, desk.new)
    course.say("outbound", words.ANSWERED[course.language], at, agent)
    ticket.first_response_at, ticket.waiting_since = at, None
    course.note(Type.ANSWERED, at, agent, desk.working)
    if world.chance(PAUSED):
        stop, go = (_after(course, at, hours) for hours in (0.5, random.uniform(4, 20)))
        if stop >= world.now:
            return
        course.note(Type.PAUSED, stop, agent, desk.waiting)
        if go >= world.now:
            return
        course.note(Type.RESUMED, go, agent, desk.working)
        at = go
    for _ in range(2 if world.chance(REOPENED[phase]) else 1):
        if ticket.resolved_at is not None:
            at = _after(course, ticket.resolved_at, random.uniform(3, 40))
            if at >= world.now:
                return
            ticket.reopen_count, ticket.resolved_at = 1, None
            course.note(Type.REOPENED, at, None, desk.working)
        at = _after(course, at, SOLVE_HOURS[phase] * urgency * random.lognormvariate(0, 0.6))
        if at >= world.now:
            return
        course.say("outbound", words.SOLVED[course.language], at, agent)
        ticket.resolved_at = at
        course.note(Type.RESOLVED, at, agent, desk.resolved)
    at = ticket.resolved_at + timedelta(days=14)
    if at < world.now:
        ticket.closed_at = at
        course.note(Type.CLOSED, at, None, desk.closed)


def _after(course: Course, start: datetime, hours: float) -> datetime:
    """That many business hours later."""
    return business_time.due(course.calendar, start, timedelta(minutes=max(int(hours * 60), 3)))


def _stand(world: World, course: Course) -> None:
    """The deadlines, which were missed, and what the row says of it all."""
    ticket = course.ticket
    opened, targets = ticket.opened_at, (ticket.first_response_target, ticket.resolution_target)
    ticket.first_response_due_at = business_time.due(course.calendar, opened, targets[0])
    ticket.resolution_due_at = business_time.due(course.calendar, opened, targets[1], course.pauses)
    for clock, due, done in (
        ("first_response", ticket.first_response_due_at, ticket.first_response_at),
        ("resolution", ticket.resolution_due_at, ticket.resolved_at),
    ):
        if due < (done or world.now) and not (clock == "resolution" and ticket.is_paused):
            noted = due + timedelta(minutes=1)
            setattr(ticket, f"{clock}_breached_at", noted)
            _note_breach(course, clock, due, noted)
    ticket.next_due_at = min(ticket.running_deadlines().values(), default=None)
    ticket.updated_at, ticket.version = course.events[-1].at, len(course.events)


def _note_breach(course: Course, clock: str, due: datetime, noted: datetime) -> None:
    """The job that looks for missed deadlines wrote a line between the others, with what was true then."""
    place = max(index for index, event in enumerate(course.events) if event.at <= noted) + 1
    before = course.events[place - 1]
    row = TicketEvent(
        ticket=course.ticket, type=Type.BREACHED, at=noted, recorded_at=noted, state=before.state,
        category=before.category, queue=before.queue, owner=before.owner, team=before.team, priority=before.priority,
        elapsed=business_time.elapsed(course.calendar, course.ticket.opened_at, noted, course.pauses),
        data={"clock": clock, "due": due.isoformat()},
    )  # fmt: skip
    course.events.insert(place, row)


def _tell(world: World, course: Course) -> None:
    ticket = course.ticket
    told = {Type.OPENED: "created", Type.RESOLVED: "resolved", Type.REOPENED: "reopened"}
    for row in course.events:
        if row.type in told:
            about = [ticket.customer, ticket.contact]
            world.tell(f"ticket.{told[row.type]}", ticket, by=row.by, at=row.at, about=about)
