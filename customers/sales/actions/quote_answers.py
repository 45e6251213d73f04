"""What becomes of a quote with the customer: accepted or declined, by its link or told to us; and ordered, once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.actions.notifications import notify
from crm.models import StaleVersion
from crm.web import formats
from customers.sales.actions import orders
from customers.sales.actions.quotes import settle
from customers.sales.models import Order, Product, Quote, QuoteLine
from customers.sales.models.currency import in_cents
from customers.sales.models.forecast_period import local_day

State = Quote.State
MESSAGES = {
    State.ACCEPTED: gettext_noop("%(customer)s accepted the quote %(quote)s (%(name)s)"),
    State.DECLINED: gettext_noop("%(customer)s declined the quote %(quote)s (%(name)s)"),
}


class LinkGone(Exception):
    """The link is wrong or was taken back: nobody learns which."""


class NotOpen(Exception):
    """It can be answered no more: answered otherwise, expired or replaced."""

    def __init__(self, quote: Quote) -> None:
        self.quote = quote
        super().__init__(f"quote {quote.pk} is {quote.state}")


def asked(token: str) -> Quote:
    """The quote a link belongs to; LinkGone where there is none."""
    related = ("customer", "contact", "owner")
    quote = Quote.objects.alive().with_token(token).select_related(*related).first()
    if quote is None:
        raise LinkGone
    return quote


def accept(quote: Quote, *, name: str, at: datetime, by: Any = None, version: int | None = None) -> Quote:
    """The customer agrees: `by` nobody through the link, else whoever was told. Accepted again it stays as it was."""
    return _answer(quote, State.ACCEPTED, name, "", by=by, at=at, version=version)


def decline(
    quote: Quote, *, name: str, at: datetime, reason: str = "", by: Any = None, version: int | None = None
) -> Quote:
    """The customer does not want it, perhaps saying why. Declined again it stays as it was."""
    return _answer(quote, State.DECLINED, name, reason, by=by, at=at, version=version)


@transaction.atomic
def _answer(
    quote: Quote, answer: Quote.State, name: str, reason: str, *, by: Any, at: datetime, version: int | None
) -> Quote:
    locked = Quote._base_manager.select_for_update(of=("self",)).get(pk=quote.pk)
    if locked.state == answer:
        return locked
    if version is not None and version != locked.version:
        raise StaleVersion(locked, ["state"])
    if locked.is_in_bin or locked.state_on(local_day(at)) != State.SENT:
        raise NotOpen(locked)
    locked.state, locked.answered_at, locked.answered_by = answer, at, " ".join(name.split())
    locked.decline_reason = reason.strip()
    if not locked.answered_by:
        raise ValidationError({"name": _("Say who answers.")})
    data = {"name": locked.answered_by, "amount": str(locked.total), "currency": locked.currency}
    settle(locked, answer.value, by=by, at=at, data=data | ({"said": locked.decline_reason} if reason else {}))
    if locked.owner != by:
        values = {"customer": locked.customer.name, "quote": str(locked), "name": locked.answered_by}
        key = f"quote-answered:{locked.pk}"
        notify(locked.owner, MESSAGES[answer], values=values, url=locked.get_absolute_url(), key=key, at=at)
    return locked


@transaction.atomic
def order(quote: Quote, *, by: Any, at: datetime) -> Order:
    """What was accepted becomes an order of its owner's, once: asked again, the same order.

    An order's amount is net. Its lines are products at what one of them comes to; what is no product stands in its
    notes, as does how long something recurs.
    """
    locked = Quote._base_manager.select_for_update(of=("self",)).get(pk=quote.pk)
    if locked.order is not None:
        return locked.order
    if not locked.is_accepted:
        raise ValidationError(_("Only what was accepted can be ordered."))
    rows = list(locked.lines.select_related("product").order_by("pk"))
    made = orders.create(
        customer=locked.customer, opportunity=locked.opportunity, amount=locked.net, currency=locked.currency,
        lines=[_line(row, row.product) for row in rows if row.product], notes=_notes(locked, rows), owner=locked.owner,
        team=locked.team, by=by, at=at,
    )  # fmt: skip
    locked.order = made
    settle(locked, "ordered", by=by, at=at, data={"order": str(made)})
    return made


def _line(row: QuoteLine, product: Product) -> orders.Line:
    quantity = row.quantity * (row.months or 1)
    return orders.Line(product, quantity, in_cents(row.net / quantity) if row.net else Decimal(0))


def _notes(quote: Quote, rows: list[QuoteLine]) -> str:
    with translation.override(quote.owner.language if quote.owner else None):
        said = [_("From quote %(quote)s.") % {"quote": quote}]
        said += [
            _("%(what)s: %(amount)s")
            % {
                "what": f"{formats.precise(row.quantity)} × {row.text}",
                "amount": formats.money(row.net, quote.currency),
            }
            for row in rows
            if not row.product or row.months
        ]
    return "\n".join(said)
