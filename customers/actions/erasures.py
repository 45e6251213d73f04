"""A person's request to be erased: noted, refused, or carried out in the background, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from crm import events
from crm.actions import records, redaction
from crm.actions.redaction import Traces
from crm.actions.redaction_words import Words
from crm.models import Record, User
from crm.ringing import ring
from crm.search import documents, quoting
from customers.models import Contact, Customer, Duplicate, erasing, match_key, person
from customers.models.erasing import Holder
from customers.models.erasure import ErasedAddress, ErasureRequest, digest_of
from customers.models.person import Person

State = ErasureRequest.State
# Titles and subjects that other rows may repeat; longer texts are repeated nowhere.
REPEATED, SHORTEST, LONGEST = 400, 6, 200
BATCH = 500


@transaction.atomic
def ask(
    record: Contact | Customer,
    *,
    asked_on: date,
    identity: str,
    by: User,
    at: datetime,
    asked_by: str = ErasureRequest.AskedBy.PERSON,
) -> ErasureRequest:
    """Somebody wants the person's data erased. Asked again while it is open, it is the same request."""
    type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    open_one = ErasureRequest.objects.alive().about(record).open().first()
    if open_one is not None:
        return open_one
    if isinstance(record, Customer) and record.form != Customer.Form.PERSON:
        raise ValidationError(_("An organisation is no person; its people can be erased one by one."))
    request = ErasureRequest(
        subject_kind=record.kind, subject_id=record.pk, asked_by=asked_by, asked_on=asked_on, identity=identity,
        owner=by, team=record.team or by.team,
    )  # fmt: skip
    return records.create(request, by=by, at=at, about=[record])


@transaction.atomic
def refuse(request: ErasureRequest, *, reason: str, by: User, at: datetime) -> ErasureRequest:
    """It is not done, and why; refused again it stays as it was."""
    locked = _locked(request)
    if locked.state != State.ASKED:
        return locked
    if reason not in ErasureRequest.Reason.values:
        raise ValidationError({"reason": _("Say why it is refused.")})
    locked.decide(State.REFUSED, by=by, at=at, reason=reason)
    return _settle(locked, "refused", {"reason": reason}, by=by, at=at)


@transaction.atomic
def order(request: ErasureRequest, *, by: User, at: datetime) -> ErasureRequest:
    """It is to be done: a worker begins as soon as this is stored. Ordered again nothing more happens."""
    locked = _locked(request)
    if locked.state != State.ASKED:
        return locked
    locked.decide(State.RUNNING, by=by, at=at)
    transaction.on_commit(lambda: _ring(locked.pk))
    return _settle(locked, "ordered", {}, by=by, at=at)


@transaction.atomic
def carry_out(request_id: int, at: datetime) -> bool:
    """All in one transaction: a worker that dies has changed nothing, and the next one begins anew."""
    request = ErasureRequest.objects.select_for_update(of=("self",)).filter(pk=request_id).first()
    if request is None or not request.is_running:
        return False
    subject = request.subject
    counts: dict[str, int] = {}
    if subject is not None:
        type(subject)._base_manager.select_for_update(of=("self",)).get(pk=subject.pk)
        someone = person.of(subject, at)
        with _erasing():
            counts = _wipe(request, someone)
        subject.refresh_from_db()
    request.finish(counts, at)
    _settle(request, "done", {"counts": counts}, by=request.decided_by, at=at, about=[subject])
    return True


@dataclass(frozen=True)
class Line:
    """What would become of the rows of one table."""

    name: str
    wiped: int
    named: int  # rows about others too, of which only the person's words go
    removed: bool
    stays: str


def preview(record: Contact | Customer, at: datetime) -> list[Line]:
    """Counts only: whoever decides need not see what is erased."""
    someone = person.of(record, at)
    lines = [
        Line(
            holder.name, holder.of(someone).count(), _naming(holder, someone).count(), holder.removed, str(holder.stays)
        )
        for holder in erasing.holders()
    ]
    return [line for line in lines if line.wiped or line.named]


def _naming(holder: Holder, someone: Person) -> QuerySet[Any]:
    rows = holder.naming(someone)
    return redaction.saying(rows, holder.texts, someone.near) if holder.texts else rows.none()


def _wipe(request: ErasureRequest, someone: Person) -> dict[str, int]:
    """What names them elsewhere first: once their own rows are wiped nothing says what to look for."""
    own = [(holder, sorted(holder.of(someone).values_list("pk", flat=True).distinct())) for holder in erasing.holders()]
    counts = redaction.redact(_traces(someone, own))
    for more in erasing.others():
        _add(counts, more(someone))
    for holder, _ids in own:
        if holder.texts:
            named = redaction.rewrite(holder.model, holder.texts, someone.near, holder.naming(someone))
            _add(counts, {holder.label: named})
    for holder, ids in own:
        _add(counts, {holder.label: _apply(holder, ids)})
    digests = {digest_of("email", each) for each in someone.own_emails}
    digests |= {digest_of("phone", each) for each in someone.own_phones}
    ErasedAddress.objects.bulk_create(
        [ErasedAddress(digest=digest, request=request, at=someone.at) for digest in sorted(digests)],
        ignore_conflicts=True,
    )
    Duplicate.objects.filter(first__in=someone.customers).delete()
    Duplicate.objects.filter(second__in=someone.customers).delete()
    match_key.forget(Contact.kind, someone.contacts)
    match_key.forget(Customer.kind, someone.customers)
    _describe_anew(own, someone)
    return {name: count for name, count in counts.items() if count}


def _traces(someone: Person, own: list[tuple[Holder, list[int]]]) -> Traces:
    found: dict[str, set[int]] = {}
    wiped: dict[str, set[str]] = {}
    titles: set[str] = set()
    for holder, ids in own:
        if not holder.kind or not holder.wiped:
            continue
        found.setdefault(holder.kind, set()).update(ids)
        wiped.setdefault(holder.kind, set()).update(holder.wiped)
        titles |= _titles(holder, ids)
    words = [*someone.names, *someone.emails, *someone.others, *sorted(titles, key=len, reverse=True)[:REPEATED]]
    return Traces(
        {kind: frozenset(ids) for kind, ids in found.items()},
        {kind: frozenset(columns) for kind, columns in wiped.items()},
        someone.everywhere,
        Words(words, someone.phones),
        {Customer.kind: frozenset(someone.works_at)},
    )


def _titles(holder: Holder, ids: list[int]) -> set[str]:
    texts = [name for name in holder.wiped if name in ("subject", "title", "name")]
    rows = holder.model._base_manager.filter(pk__in=ids).values_list(*texts) if texts else ()
    return {text for row in rows for text in row if SHORTEST <= len(text) <= LONGEST}


def _apply(holder: Holder, ids: list[int]) -> int:
    if not ids:
        return 0
    done = 0
    bumped = {"version": F("version") + 1} if issubclass(holder.model, Record) else {}
    for start in range(0, len(ids), BATCH):
        rows = holder.model._base_manager.filter(pk__in=ids[start : start + BATCH])
        if holder.removed:
            done += rows.delete()[0]
        elif holder.wiped:
            done += rows.update(**holder.wiped, **bumped)
    return done


def _describe_anew(own: list[tuple[Holder, list[int]]], someone: Person) -> None:
    """Search and the keys of duplicates say what the rows say now, theirs and those of where they work."""
    for holder, ids in own:
        model = holder.model
        if holder.kind not in documents.searchable_kinds():
            continue
        if holder.texts:
            ids = sorted({*ids, *holder.naming(someone).values_list("pk", flat=True)})
        for start in range(0, len(ids), BATCH):
            documents.refresh_many(model._base_manager.filter(pk__in=ids[start : start + BATCH]))
    for kind, theirs in ((Contact.kind, someone.contacts), (Customer.kind, someone.customers)):
        quoting.follow(kind, theirs, ("name", "email"))


def _add(counts: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


@contextmanager
def _erasing() -> Iterator[None]:
    """Inside, this transaction may take words out of histories that are only ever added to, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yardstick.erasing', 'on', true)")
        yield
        cursor.execute("SELECT set_config('yardstick.erasing', '', true)")


def _locked(request: ErasureRequest) -> ErasureRequest:
    found: ErasureRequest = ErasureRequest._base_manager.select_for_update(of=("self",)).get(pk=request.pk)
    return found


def _settle(
    request: ErasureRequest, verb: str, data: dict[str, Any], *, by: Any, at: datetime, about: Any = ()
) -> ErasureRequest:
    request.version, request.updated_at = request.version + 1, at
    request.full_clean()
    request.save()
    events.record(f"erasure.{verb}", request, by=by, at=at, data=data, about=about or [request.subject])
    return request


def _ring(request_id: int) -> None:
    """There is a request to carry out. When the broker is away the sweep finds it within a minute."""
    from customers.tasks import carry_out_erasure

    ring(carry_out_erasure, request_id=request_id)
