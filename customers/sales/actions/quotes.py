"""What is done with quotes: written, sent, replaced by a new version. The customer's answer: quote_answers.py."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from crm import events
from crm.actions import journal, records
from crm.models import StaleVersion
from customers.models import Customer
from customers.sales.actions.quote_lines import Line, as_text, lines_of, sums_of, tidy, write_lines
from customers.sales.models import Opportunity, Quote, QuoteRules
from customers.sales.models.forecast_period import local_day
from customers.sales.models.quote import hash_of

State = Quote.State
NUMBERING_LOCK = 7_305
OUR_NUMBER = r"^Q\d{6,}$"


@transaction.atomic
def create(
    *,
    customer: Customer,
    by: Any,
    at: datetime,
    lines: Sequence[Line] = (),
    valid_until: date | None = None,
    owner: Any = None,
    team: Any = None,
    **fields: Any,
) -> Quote:
    """A draft with the next number, valid for as many days as the rules say unless another day is given."""
    rules = QuoteRules.in_force()
    fields.setdefault("terms", rules.terms)
    quote = Quote(
        number=next_number(), customer=customer, owner=owner, team=team or (owner.team if owner else None),
        valid_until=valid_until or local_day(at) + timedelta(days=rules.valid_days), **fields, **sums_of(lines),
    )  # fmt: skip
    _check_contact(quote)
    records.create(quote, by=by, at=at, about=about(quote), data={"lines": as_text(lines)})
    write_lines(quote, lines)
    return quote


@transaction.atomic
def update(
    quote: Quote,
    changes: dict[str, Any],
    *,
    by: Any,
    at: datetime,
    lines: Sequence[Line] | None = None,
    version: int | None = None,
    base: dict[str, Any] | None = None,
) -> Quote:
    """Edit a draft. `lines` take the place of those there are."""
    locked = _locked(quote)
    if not locked.is_draft:
        raise ValidationError(_("It was sent, and stays as it was sent. Make a new version."))
    old, new = lines_of(locked), tidy(lines or ())
    replaced = lines is not None and new != old
    if replaced and version is not None and locked.version != version:
        raise StaleVersion(locked, ["lines"])
    if replaced:
        write_lines(locked, new)
        changes = {**changes, **sums_of(new)}
    _check_contact(locked, changes)
    saved = records.update(locked, changes, by=by, at=at, version=version, base=base, about=about(locked))
    if replaced:
        if saved.version == locked.version:  # other lines of the same sum
            saved.version += 1
            saved.updated_at = at
            saved.save()
        data = {"lines": [as_text(old), as_text(new)]}
        events.record("quote.lines_changed", saved, by=by, at=at, data=data, about=about(saved))
    return saved


@transaction.atomic
def send(quote: Quote, *, by: Any, at: datetime, language: str = "", version: int | None = None) -> Quote:
    """It becomes what the customer is offered: it gets its link and changes no more. What it replaces counts no longer.

    Sent twice it is sent once.
    """
    locked = _locked(quote, version)
    if not locked.is_draft:
        return locked
    if not locked.lines.exists():
        raise ValidationError(_("It has no lines yet: there is nothing to offer."))
    if locked.valid_until < local_day(at):
        raise ValidationError({"valid_until": _("This day is over. Choose a later one.")})
    _replace_earlier(locked, by=by, at=at)
    locked.language = language or language_for(locked)
    locked.nonce = secrets.token_urlsafe(32)
    locked.token_hash = hash_of(locked.token)
    locked.state, locked.sent_at = State.SENT, at
    data = {"language": locked.language, "amount": str(locked.total), "currency": locked.currency}
    return settle(locked, "sent", by=by, at=at, data=data)


@transaction.atomic
def new_version(quote: Quote, *, by: Any, at: datetime) -> Quote:
    """A draft with the same lines, which takes its place once it is sent. There is one: asked again, the same."""
    locked = _locked(quote)
    known = Quote.objects.alive().filter(replaces=locked).first()
    if known is not None:
        return known
    if not locked.can_be_replaced:
        raise ValidationError(_("Only what was sent and is not agreed can be replaced by a new version."))
    rules, lines = QuoteRules.in_force(), lines_of(locked)
    last = Quote._base_manager.filter(number=locked.number).aggregate(last=Max("revision"))["last"]
    draft = Quote(
        number=locked.number, revision=last + 1, replaces=locked, title=locked.title, customer=locked.customer,
        contact=locked.contact, opportunity=locked.opportunity, currency=locked.currency, notes=locked.notes,
        terms=locked.terms, owner=locked.owner, team=locked.team,
        valid_until=local_day(at) + timedelta(days=rules.valid_days), **sums_of(lines),
    )  # fmt: skip
    records.create(draft, by=by, at=at, about=about(draft), data={"lines": as_text(lines), "replaces": str(locked)})
    write_lines(draft, lines)
    return draft


@transaction.atomic
def expire(now: datetime) -> int:
    """What nobody answered until its last day; returns how many."""
    due = Quote.objects.alive().run_out(local_day(now)).select_for_update(of=("self",)).order_by("pk")
    for quote in due:
        quote.state = State.EXPIRED
        settle(quote, "expired", by=None, at=now, data={"day": quote.valid_until.isoformat()})
    return len(due)


def hand_over(quote: Quote, *, owner: Any, by: Any, at: datetime) -> Quote:
    changes = {"owner": owner, "team": owner.team if owner else quote.team}
    return records.update(quote, changes, by=by, at=at, event="handed_over", about=about(quote))


def hand_over_many(quotes: Any, *, owner: Any, by: Any, at: datetime) -> int:
    """One by one, each with its event, undone as one; returns how many changed hands."""
    with journal.handing_over(Quote.kind, owner, by=by, at=at):
        return sum(hand_over(each, owner=owner, by=by, at=at).version != each.version for each in quotes)


def put_back(quote: Quote, changes: dict[str, Any], *, by: Any, at: datetime) -> Quote:
    """Whose it was before many were handed over."""
    return records.update(quote, changes, by=by, at=at, event="handed_over", about=about(quote))


def delete(quote: Quote, *, by: Any, at: datetime) -> Quote:
    """Into the bin: its link leads nowhere from then on."""
    return records.delete(quote, by=by, at=at, about=about(quote))


def restore(quote: Quote, *, by: Any, at: datetime) -> Quote:
    return records.restore(quote, by=by, at=at, about=about(quote))


def about(quote: Quote) -> list[Any]:
    return [quote.customer, quote.opportunity]


def language_for(quote: Quote) -> str:
    """The language of whoever reads it, as far as we speak it."""
    wanted = (quote.contact.language if quote.contact else "") or settings.LANGUAGE_CODE
    return "zh-hans" if wanted.lower().startswith("zh") else "en"


def link_of(quote: Quote) -> str:
    return quote.link


def settle(quote: Quote, verb: str, *, by: Any, at: datetime, data: dict[str, Any]) -> Quote:
    """Store where it stands now, with its event."""
    quote.version += 1
    quote.updated_at = at
    quote.full_clean()
    quote.save()
    events.record(f"quote.{verb}", quote, by=by, at=at, data=data, about=about(quote))
    return quote


def next_number() -> str:
    """Q000001 and on; two people creating at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    last = Quote._base_manager.filter(number__regex=OUR_NUMBER).aggregate(last=Max("number"))["last"]
    return f"Q{int(last[1:]) + 1 if last else 1:06d}"


def lines_of_sale(opportunity: Opportunity) -> list[Line]:
    """What an opportunity is about, as the lines of a quote; one line of its amount where it has none."""
    rate = QuoteRules.in_force().tax_rate
    rows = opportunity.lines.select_related("product").order_by("pk")
    if not rows and opportunity.amount is not None:
        product = opportunity.product
        return [
            Line(Decimal(1), opportunity.amount, product.name if product else opportunity.name, product, tax_rate=rate)
        ]
    return [
        Line(row.quantity, row.unit_price, row.product.name, row.product, row.discount, row.months, rate)
        for row in rows
    ]


def _locked(quote: Quote, version: int | None = None) -> Quote:
    locked = Quote._base_manager.select_for_update(of=("self",)).get(pk=quote.pk)
    if version is not None and version != locked.version:
        raise StaleVersion(locked, ["state"])
    return locked


def _replace_earlier(quote: Quote, *, by: Any, at: datetime) -> None:
    if quote.replaces is None:
        return
    earlier = _locked(quote.replaces)
    if not earlier.can_be_replaced:
        raise ValidationError(_("Meanwhile the version before it was accepted."))
    earlier.state = State.REPLACED
    settle(earlier, "replaced", by=by, at=at, data={"replaced_by": str(quote)})


def _check_contact(quote: Quote, changes: dict[str, Any] | None = None) -> None:
    given = {"contact": quote.contact, "customer": quote.customer} | (changes or {})
    contact, customer = given["contact"], given["customer"]
    if contact and customer and not contact.customer_links.filter(customer=customer).exists():
        raise ValidationError({"contact": _("This person does not belong to the customer.")})
