"""Tags: made where they are first needed, put on records one by one or many at once, renamed and merged for all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from crm import events
from crm.actions import journal, records
from crm.models import User
from customers.models import Contact, Customer, Tag
from customers.models.tag import key_of

_tagged: list[Any] = [Customer, Contact]


def borne_by(model: Any) -> None:
    """Apps above say in `AppConfig.ready` which of their records bear tags too."""
    if model not in _tagged:
        _tagged.append(model)


@transaction.atomic
def named(name: str, *, by: User | None, at: datetime, colour: str = Tag.Colour.GREY) -> Tag:
    """The tag of this name, made where there is none; nobody asks twice for the same with another case or width."""
    tag = Tag(name=name, colour=colour)
    tag.clean()
    known = Tag.objects.filter(key=tag.key).first()
    if known is not None:
        return known
    tag.full_clean(validate_unique=False)
    made, is_new = Tag.objects.get_or_create(key=tag.key, defaults={"name": tag.name, "colour": tag.colour})
    if is_new and by is not None:
        events.record("tag.created", by, by=by, at=at, data={"tag": {"id": made.pk, "label": made.name}})
    return made


def known(names: Iterable[str]) -> list[Tag]:
    """Those of these names that there are."""
    return list(Tag.objects.filter(key__in=[key_of(name) for name in names]))


@transaction.atomic
def change(record: Any, *, by: User | None, at: datetime, add: Iterable[Tag] = (), remove: Iterable[Tag] = ()) -> Any:
    """Put tags on a record and take others off; what is so already changes nothing."""
    locked = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    kept = set(locked.tags) - {tag.pk for tag in remove}
    return write(record, {"tags": sorted(kept | {tag.pk for tag in add})}, by=by, at=at)


def write(record: Any, changes: dict[str, Any], *, by: User | None, at: datetime) -> Any:
    if isinstance(record, Contact):
        about = list(record.customers.filter(deleted_at=None))
    else:
        about = [getattr(record, name) for name in record.follows]
    return records.update(record, changes, by=by, at=at, event="tagged", about=about)


def change_many(
    chosen: Iterable[Any], *, by: User | None, at: datetime, add: Iterable[Tag] = (), remove: Iterable[Tag] = ()
) -> int:
    """The same for many, to be undone as one; returns how many changed."""
    found = list(chosen)
    if not found:
        return 0
    more, less = list(add), list(remove)
    names = [f"+ {tag}" for tag in more] + [f"- {tag}" for tag in less]
    changed = 0
    with journal.recording(
        kind=found[0].kind, message=gettext_noop("Tags: %(tags)s"), values={"tags": ", ".join(names)}, by=by, at=at
    ):
        for record in found:
            before = record.version
            changed += change(record, by=by, at=at, add=more, remove=less).version != before
    return changed


@transaction.atomic
def merge(tag: Tag, *, into: Tag) -> None:
    """Whatever bears the tag bears the other one instead; the tag goes away."""
    _replace(tag.pk, into.pk)
    tag.delete()


@transaction.atomic
def delete(tag: Tag) -> None:
    """It is taken off everything that bears it."""
    _replace(tag.pk, None)
    tag.delete()


def _replace(old: int, new: int | None) -> None:
    """In one statement a table. No new version: what a record is has not changed, only what a word is called."""
    for model in _tagged:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE {model._meta.db_table} SET tags = ARRAY(
                    SELECT DISTINCT number FROM unnest(array_append(array_remove(tags, %(old)s), %(new)s)) AS number
                    WHERE number IS NOT NULL ORDER BY number)
                WHERE tags @> ARRAY[%(old)s]::bigint[]""",
                {"old": old, "new": new},
            )
