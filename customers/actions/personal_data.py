"""What is held about a person, told to them: read through the same register by which it would be erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from crm import events
from crm.access.fields import hidden_of
from crm.models import User
from customers.models import Contact, Customer, erasing, person
from customers.models.erasing import Holder
from customers.models.person import Person

MOST = 5_000  # rows of one table


@dataclass(frozen=True)
class Part:
    """The rows of one table, each as (name of a column, value)."""

    code: str
    name: str
    rows: list[list[tuple[str, str, Any]]]  # (column, what people call it, value)
    withheld: int  # rows that are not the reader's to see
    closed: dict[str, str]  # columns that are not, with what people call them


@transaction.atomic
def held(record: Contact | Customer, *, format: str, by: User, at: datetime) -> list[Part]:
    """Everything that is the person's and the reader's to see, and how much is not; that it was read is noted."""
    someone = person.of(record, at)
    parts = [part for holder in erasing.holders() if (part := _part(holder, someone, by))]
    count = sum(len(part.rows) for part in parts)
    events.record(f"{record.kind}.personal_data_read", record, by=by, at=at, data={"format": format, "rows": count})
    return parts


def as_json(parts: list[Part]) -> dict[str, Any]:
    return {
        part.code: {
            "rows": [{column: value for column, _label, value in row} for row in part.rows],
            "withheld": part.withheld,
            "closed": sorted(part.closed),
        }
        for part in parts
    }


def _part(holder: Holder, someone: Person, by: User) -> Part | None:
    columns = [name for name in (*holder.told, *holder.wiped) if name != "sort_name"]
    if holder.rows is None or not columns:
        return None
    rows = holder.of(someone).order_by("pk")
    total, seen = rows.count(), _seen(rows, holder, by)
    found = seen[:MOST]
    fields = [(name, holder.model._meta.get_field(name)) for name in dict.fromkeys(columns)]
    fields = [(name, each) for name, each in fields if name not in ("nonce", "token_hash", "message_id", "references")]
    told = [
        [
            (name, str(each.verbose_name), _plain(row, each))
            for name, each in fields
            if getattr(row, name) not in NOTHING
        ]
        for row in found
    ]
    closed = {name: str(each.verbose_name) for name, each in fields if name in hidden_of(holder.model)}
    return Part(holder.label, holder.name, told, total - seen.count(), closed) if total else None


NOTHING: tuple[Any, ...] = (None, "", [], {})


def _seen(rows: QuerySet[Any], holder: Holder, by: User) -> QuerySet[Any]:
    """By the record's own rule; what has none belongs to the contact, whom the reader sees."""
    if holder.kind:
        return rows.filter(pk__in=holder.model.objects.visible_to(by).order_by().values("pk"))
    for name in ("ticket", "response"):
        if any(field.name == name for field in holder.model._meta.concrete_fields):
            above: Any = holder.model._meta.get_field(name).related_model
            return rows.filter(**{f"{name}__in": above.objects.visible_to(by).order_by().values("pk")})
    return rows


def _plain(row: Any, field: Any) -> Any:
    value = getattr(row, field.name)
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    return value if isinstance(value, (date, bool, int, float, list)) else str(value)
