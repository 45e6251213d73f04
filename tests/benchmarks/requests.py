"""Tickets of the big organisation with their histories, and what the customers said afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crm.models import User
from service.models import Queue, SlaPolicy, TicketState
from surveys.models import Survey
from tests.benchmarks.big_organisation import NOW, Owners, customers
from tests.benchmarks.histories import RECORD
from tests.benchmarks.loading import chance, copy, indexes_apart, mix

ANSWER_WITHIN, RESOLVE_WITHIN = timedelta(hours=8), timedelta(days=5)


@dataclass
class Request:
    """One ticket; `steps` are its events in order: type, state and moment."""

    number: int
    customer: int
    owner: User
    opened: datetime
    steps: list[tuple[str, TicketState, datetime]]

    def last(self, type_: str) -> datetime | None:
        return next((at for type, _, at in reversed(self.steps) if type == type_), None)

    def first(self, type_: str) -> datetime | None:
        return next((at for type, _, at in self.steps if type == type_), None)

    @property
    def state(self) -> TicketState:
        return self.steps[-1][1]


def requests(count: int, owners: Owners) -> Iterator[Request]:
    new, working = TicketState.objects.filter(category="open").order_by("position")[:2]
    done = TicketState.objects.get(category="resolved", closes=False)
    for number in range(1, count // 10 + 1):
        customer = mix(number, salt=21) % count + 1
        opened = NOW - timedelta(seconds=mix(number, salt=22) % (2 * 365 * 86400))
        plan = [("opened", new, 0), ("answered", working, 600 + mix(number, salt=23) % 40_000)]
        if chance(number, salt=24) < 0.95:
            plan.append(("resolved", done, 3600 + mix(number, salt=25) % (9 * 86400)))
            if chance(number, salt=26) < 0.08:
                plan.append(("reopened", working, 3600 + mix(number, salt=27) % (20 * 86400)))
                plan.append(("resolved", done, 3600 + mix(number, salt=28) % (3 * 86400)))
        steps, at = [], opened
        for type_, state, seconds in plan:
            at += timedelta(seconds=seconds)
            if at < NOW:
                steps.append((type_, state, at))
        yield Request(number, customer, owners.of(customer), opened, steps)


def fill(count: int, people: list[User]) -> None:
    owners = Owners(people)
    tables = ("service_ticket", "service_ticketevent", "surveys_invitation", "surveys_response", "customers_contact")
    with indexes_apart(*tables), transaction.atomic():
        contacts = (
            (r["id"], 1, r["at"], r["at"], r["owner_id"], r["team_id"], f"Contact {r['id']}", f"contact {r['id']}",
             r["email"], "", "", False, "")
            for r in customers(count, owners) if r["id"] <= count // 2
        )  # fmt: skip
        columns = f"id, {RECORD}, name, sort_name, email, phone, language, do_not_contact, notes"
        copy("customers_contact", columns, contacts)
        links = ((pk, "", True, pk, pk) for pk in range(1, count // 2 + 1))
        copy("customers_customercontact", "id, role, is_main, contact_id, customer_id", links)
        _fill_tickets(count, owners)
        _fill_answers(count, owners)


def _fill_tickets(count: int, owners: Owners) -> None:
    queue, policy = Queue.objects.order_by("pk")[0], SlaPolicy.objects.order_by("pk")[0]

    def ticket(one: Request) -> tuple[Any, ...]:
        resolved = one.state.category == "resolved"
        answered = one.first("answered")
        due, until = one.opened + ANSWER_WITHIN, one.opened + RESOLVE_WITHIN
        running = None if resolved else (until if answered else min(due, until))
        type_ = ("question", "incident", "request", "complaint")[one.number % 4]
        return (one.number, 1, one.opened, one.steps[-1][2], one.owner.pk, one.owner.team_id, f"T-{one.number:07}",
                f"Machine {one.number} stands still", type_, "mail", 2, "", one.customer, queue.pk, one.state.pk,
                policy.pk, one.opened, answered, one.last("resolved") if resolved else None,
                int(one.first("reopened") is not None), due, until, running)  # fmt: skip

    def events() -> Iterator[tuple[Any, ...]]:
        for one in requests(count, owners):
            for type_, state, at in one.steps:
                yield (one.number, type_, at, at, one.owner.pk, state.pk, state.category, queue.pk, one.owner.pk,
                       one.owner.team_id, 2, at - one.opened, "{}")  # fmt: skip

    columns = (
        f"id, {RECORD}, number, subject, type, source, priority, category, customer_id, queue_id, state_id, "
        "sla_policy_id, opened_at, first_response_at, resolved_at, reopen_count, first_response_due_at, "
        "resolution_due_at, next_due_at"
    )
    copy("service_ticket", columns, map(ticket, requests(count, owners)))
    columns = (
        "ticket_id, type, at, recorded_at, by_id, state_id, category, queue_id, owner_id, team_id, priority, elapsed, "
        "data"
    )
    copy("service_ticketevent", columns, events())


@dataclass
class Said:
    """An invitation, and its answer if there is one."""

    number: int
    survey: Survey
    customer: int
    ticket: int | None
    owner: User
    sent: datetime
    answered: datetime | None
    score: int


def answers(count: int, owners: Owners) -> Iterator[Said]:
    csat, nps = Survey.objects.get(type="csat"), Survey.objects.get(type="nps")
    number = 0
    for one in requests(count, owners):
        sent = one.first("resolved")
        if sent is not None and chance(one.number, salt=31) < 0.6:
            number += 1
            score = (1, 2, 3, 4, 4, 5, 5, 5)[mix(one.number, salt=32) % 8]
            yield _said(number, csat, one.customer, one.number, owners, sent, score)
    for again in range(count // 10):
        number += 1
        customer = mix(again, salt=33) % count + 1
        sent = NOW - timedelta(seconds=mix(again, salt=34) % (2 * 365 * 86400))
        yield _said(number, nps, customer, None, owners, sent, 10 - min(mix(again, salt=35) % 14, 10))


def _said(
    number: int, survey: Survey, customer: int, ticket: int | None, owners: Owners, sent: datetime, score: int
) -> Said:
    at = sent + timedelta(seconds=600 + mix(number, salt=36) % (20 * 86400))
    answered = at if at < NOW and chance(number, salt=37) < 0.4 else None
    return Said(number, survey, customer, ticket, owners.of(customer), sent, answered, score)


def _fill_answers(count: int, owners: Owners) -> None:
    contacts = count // 2

    def invitation(one: Said) -> tuple[Any, ...]:
        state = "answered" if one.answered else "sent"
        return (one.number, 1, one.sent, one.sent, one.owner.pk, one.owner.team_id, one.survey.pk,
                one.customer % contacts + 1, one.customer, one.ticket, "mail", state, "", "", one.sent, one.sent,
                one.answered)  # fmt: skip

    def response(one: Said) -> tuple[Any, ...]:
        return (one.number, 1, one.answered, one.answered, one.owner.pk, one.owner.team_id, one.number, one.survey.pk,
                one.customer % contacts + 1, one.customer, one.ticket, one.score, "", one.answered)  # fmt: skip

    columns = (
        f"id, {RECORD}, survey_id, contact_id, customer_id, ticket_id, channel, state, reason, nonce, invited_at, "
        "sent_at, answered_at"
    )
    copy("surveys_invitation", columns, map(invitation, answers(count, owners)))
    columns = f"id, {RECORD}, invitation_id, survey_id, contact_id, customer_id, ticket_id, score, comment, answered_at"
    copy("surveys_response", columns, (response(one) for one in answers(count, owners) if one.answered))
