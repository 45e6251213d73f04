"""What happened with the customers of the big organisation: activities, sales, tickets, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from crm.models import User
from crm.search.lexemes import lexemes
from crm.search.words import Words
from customers.sales.models import LostReason, Pipeline
from tests.benchmarks.big_organisation import NOW, Owners, activity_times, created, fill_documents
from tests.benchmarks.loading import chance, copy, indexes_apart, mix

TYPES = ("call", "email", "meeting", "call", "note", "message", "visit", "email")
SUBJECTS = ("Asked about the offer", "Sent the price list", "Agreed on a date", "讨论了合同", "Called back")
RECORD = "version, created_at, updated_at, owner_id, team_id"


def fill(count: int, people: list[User]) -> None:
    owners = Owners(people)
    with indexes_apart("customers_activity", "crm_searchdocument"), transaction.atomic():
        columns = f"id, {RECORD}, customer_id, type, direction, outcome, at, subject, body, about_kind"
        copy("customers_activity", columns, activities(count, owners))
        _activity_documents()
    with indexes_apart("sales_opportunity", "sales_stagechange", "sales_order"), transaction.atomic():
        _fill_sales(count, owners)


def activities(count: int, owners: Owners) -> Iterator[tuple[Any, ...]]:
    number = 0
    for customer in range(1, count + 1):
        owner = owners.of(customer)
        for at in activity_times(customer, created(customer)):
            number += 1
            draw = mix(number, salt=4)
            direction = ("outbound", "outbound", "inbound")[draw % 3]
            outcome = ("reached", "positive", "not_reached", "")[draw // 3 % 4]
            subject = SUBJECTS[draw // 12 % len(SUBJECTS)]
            yield (number, 1, at, at, owner.pk, owner.team_id, customer, TYPES[draw // 60 % 8], direction, outcome,
                   at, subject, "", "")  # fmt: skip


def _activity_documents() -> None:
    """A handful of subjects, so that a million documents need not be put into words one by one."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE put (subject text, words text[]) ON COMMIT DROP")
        rows = [(subject, sorted(lexemes(Words(title=subject)))) for subject in SUBJECTS]
        copy("put", "subject, words", rows)
        cursor.execute(
            "INSERT INTO crm_searchdocument (kind, object_id, owner_id, team_id, title, subtitle, words, updated_at) "
            "SELECT 'activity', id, owner_id, team_id, subject, '', array_to_tsvector(put.words), updated_at "
            "FROM customers_activity JOIN put USING (subject)"
        )


@dataclass
class Sale:
    """One opportunity; `steps` are the stages it entered and when."""

    number: int
    customer: int
    owner: User
    amount: int
    opened: datetime
    steps: list[tuple[Any, datetime]]

    @property
    def last(self) -> tuple[Any, datetime]:
        return self.steps[-1]


def sales(count: int, owners: Owners) -> Iterator[Sale]:
    pipeline = Pipeline.objects.order_by("position", "pk").get()
    path = list(pipeline.stages.open().order_by("position", "pk"))
    won, lost = pipeline.won_stage, pipeline.lost_stage
    for number in range(1, count // 5 + 1):
        customer = mix(number, salt=5) % count + 1
        opened = NOW - timedelta(seconds=mix(number, salt=6) % (3 * 365 * 86400))
        fate = chance(number, salt=7)
        end = [] if fate < 0.12 else [won if fate < 0.6 else lost]
        through = [*path, *end] if end else path[: mix(number, salt=8) % len(path) + 1]
        steps, at = [], opened
        for place, stage in enumerate(through):
            if at < NOW:
                steps.append((stage, at))
            at += timedelta(hours=20 + mix(number, place, 9) % 500)
        yield Sale(number, customer, owners.of(customer), 500 + mix(number, salt=10) % 90_000, opened, steps)


def _fill_sales(count: int, owners: Owners) -> None:
    reason = LostReason.objects.order_by("pk").first()
    pipeline = Pipeline.objects.order_by("position", "pk").get()
    currency = settings.CURRENCY

    def opportunity(sale: Sale) -> tuple[Any, ...]:
        stage, since = sale.last
        closed = None if stage.is_open else since
        lost = reason.pk if stage.is_lost else None
        return (sale.number, 1, sale.opened, since, sale.owner.pk, sale.owner.team_id, f"Machines {sale.number}",
                sale.customer, pipeline.pk, stage.pk, sale.amount, currency, since.date() + timedelta(days=30),
                sale.opened, since, closed, lost, f"i{sale.number:07}", "", "")  # fmt: skip

    def changes() -> Iterator[tuple[Any, ...]]:
        for sale in sales(count, owners):
            before = None
            for stage, at in sale.steps:
                for entered, moment in _with_edits(sale, stage, before, at):
                    lost = reason.pk if stage.is_lost else None
                    yield (sale.number, pipeline.pk, entered, stage.pk, stage.outcome, moment, moment, sale.owner.pk,
                           sale.owner.pk, sale.owner.team_id, sale.customer, sale.amount, currency, stage.probability,
                           lost)  # fmt: skip
                before = stage.pk

    columns = (
        f"id, {RECORD}, name, customer_id, pipeline_id, stage_id, amount, currency, expected_close, opened_at, "
        "stage_since, closed_at, lost_reason_id, rank, notes, external_id"
    )
    copy("sales_opportunity", columns, map(opportunity, sales(count, owners)))
    columns = (
        "opportunity_id, pipeline_id, from_stage_id, to_stage_id, outcome, at, recorded_at, by_id, owner_id, team_id, "
        "customer_id, amount, currency, probability, lost_reason_id"
    )
    copy("sales_stagechange", columns, changes())
    copy(
        "sales_order", f"id, {RECORD}, number, ordered_at, amount, currency, notes, customer_id", _orders(count, owners)
    )
    fill_documents(map(_sale_document, sales(count, owners)))


def _with_edits(sale: Sale, stage: Any, before: int | None, at: datetime) -> Iterator[tuple[int | None, datetime]]:
    """The step, and half of the times something that counts was edited ten hours after: its row stays in the stage."""
    yield before, at
    later = at + timedelta(hours=10)
    if stage.is_open and (sale.number + stage.pk) % 2 == 0 and later < NOW:
        yield stage.pk, later


def _orders(count: int, owners: Owners) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count * 3 // 10 + 1):
        customer = mix(number, salt=11) % count + 1
        owner, at = owners.of(customer), NOW - timedelta(seconds=mix(number, salt=12) % (3 * 365 * 86400))
        amount = 100 + mix(number, salt=13) % 9000
        yield (number, 1, at, at, owner.pk, owner.team_id, f"O-{number:07}", at, amount, settings.CURRENCY, "",
               customer)  # fmt: skip


def _sale_document(sale: Sale) -> tuple[Any, ...]:
    title = f"Machines {sale.number}"
    place = sale.owner.pk, sale.owner.team_id
    return ("opportunity", sale.number, *place, title, "", sorted(lexemes(Words(title=title))), sale.last[1])
