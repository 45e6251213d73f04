"""Quotes: exact to the cent, unchanged once sent, answered once, ordered once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from crm.models import Event, Notification, StaleVersion
from customers.sales.actions import opportunity_lines, quote_answers, quotes
from customers.sales.actions.quote_lines import Line, lines_of, taxes_of
from customers.sales.models import Order, Quote, QuoteRules
from tests.factories.sales import make_opportunity, make_product, make_quote

pytestmark = pytest.mark.django_db
D = Decimal


def test_a_worked_example_comes_to_the_cent(cast, now):
    """Rounded line by line, half a cent up; tax is of what was rounded."""
    pump = make_product()
    lines = [
        Line(D("3"), D("33.35"), product=pump, discount=D("0.1"), tax_rate=D("0.19")),  # 90.045 → 90.05; tax 17.1095
        Line(D("2.5"), D("19.99"), "Care", discount=D("0.125"), months=12, tax_rate=D("0.19")),  # 43.73 × 12; 99.7044
        Line(D("1"), D("0.05"), "Stamp", tax_rate=D("0.07")),  # tax 0.0035 → 0.00
        Line(D("1"), D("0.50"), "Paper", tax_rate=D("0.07")),  # tax 0.035 → 0.04
    ]
    quote = make_quote(cast.rep, lines=lines, currency="eur")

    assert [(line.net, line.tax) for line in lines_of(quote)] == [
        (D("90.05"), D("17.11")), (D("524.76"), D("99.70")), (D("0.05"), D("0.00")), (D("0.50"), D("0.04")),
    ]  # fmt: skip
    assert (quote.net, quote.tax, quote.total) == (D("615.36"), D("116.85"), D("732.21"))
    assert [(part.rate, part.net, part.tax) for part in taxes_of(lines_of(quote))] == [
        (D("0.07"), D("0.55"), D("0.04")), (D("0.19"), D("614.81"), D("116.81")),
    ]  # fmt: skip
    assert (str(quote), quote.currency, lines_of(quote)[0].text) == ("Q000001", "EUR", "Pump")
    assert quotes.update(quote, {}, lines=lines, by=cast.rep, at=now).version == 1  # the same lines change nothing
    assert str(make_quote(cast.rep)) == "Q000002"


def test_a_quote_starts_from_the_lines_of_an_opportunity_and_comes_to_its_amount(cast, now):
    QuoteRules.objects.create(tax_percent=D("8.25"), valid_days=14, terms="Payable in 10 days.")
    sale = make_opportunity(cast.rep, at=now)
    sold = [opportunity_lines.Line(make_product(), D(2), D("99.99"), D("0.05"), 6)]
    sale = opportunity_lines.replace(sale, sold, by=cast.rep, at=now)
    quote = make_quote(cast.rep, opportunity=sale, lines=quotes.lines_of_sale(sale), at=now)

    assert (quote.net, quote.tax) == (sale.amount, D("94.04"))  # 189.98 × 6 = 1,139.88
    assert (quote.terms, quote.valid_until) == ("Payable in 10 days.", now.date() + timedelta(days=14))
    with pytest.raises(ValidationError, match="another customer"):
        make_quote(cast.rep, opportunity=sale, customer=make_opportunity(cast.rep, at=now).customer)


def test_what_was_sent_stays_and_a_new_version_takes_its_place(cast, now):
    first = make_quote(cast.rep, sent=True, at=now)
    assert quotes.send(first, by=cast.rep, at=now).version == first.version  # once
    line = first.lines.get()
    with pytest.raises(ValidationError, match="stays as it was sent"):
        quotes.update(first, {"title": "Cheaper"}, by=cast.rep, at=now)
    for change in (line.delete, lambda: type(line).objects.filter(pk=line.pk).update(unit_price=1)):
        with pytest.raises(DatabaseError, match="keeps its lines"), transaction.atomic():
            change()

    second = quotes.new_version(first, by=cast.rep, at=now)
    assert quotes.new_version(first, by=cast.rep, at=now) == second
    assert (str(second), second.state, second.total) == ("Q000001-2", "draft", D("119.00"))
    second = quotes.update(second, {}, lines=[Line(D(1), D(80), "Installation")], version=1, by=cast.rep, at=now)
    with pytest.raises(StaleVersion):
        quotes.update(second, {}, lines=[Line(D(1), D(70), "Installation")], version=1, by=cast.rep, at=now)
    first.refresh_from_db()
    assert first.state == "sent"  # until the new one is on its way
    quotes.send(second, by=cast.rep, at=now)
    first.refresh_from_db()
    assert (first.state, first.total, second.total) == ("replaced", D("119.00"), D("80.00"))
    with pytest.raises(quote_answers.NotOpen):
        quote_answers.accept(first, name="Ann", at=now)

    third = quotes.new_version(second, by=cast.rep, at=now)
    quote_answers.accept(second, name="Ann", at=now)
    with pytest.raises(ValidationError, match="was accepted"):
        quotes.send(third, by=cast.rep, at=now)
    quotes.delete(third, by=cast.rep, at=now)
    with pytest.raises(ValidationError, match="not agreed"):
        quotes.new_version(second, by=cast.rep, at=now)


@pytest.mark.parametrize(
    ("fields", "said"), [({"lines": []}, "nothing to offer"), ({"valid_until": date(2026, 1, 1)}, "day is over")]
)
def test_what_offers_nothing_is_not_sent(cast, now, fields, said):
    quote = make_quote(cast.rep, **fields)
    with pytest.raises(ValidationError, match=said):
        quotes.send(quote, by=cast.rep, at=now)
    quote.refresh_from_db()
    assert (quote.state, quote.token_hash) == ("draft", None)


def test_an_answer_is_noted_once_and_the_owner_hears_of_it(cast, now):
    quote = make_quote(cast.rep, sent=True, at=now)
    accepted = quote_answers.accept(quote, name="  Ann  Buyer ", at=now)
    again = quote_answers.accept(quote, name="Somebody else", at=now + timedelta(days=1))
    assert (again.version, again.answered_by, again.answered_at) == (accepted.version, "Ann Buyer", now)
    with pytest.raises(quote_answers.NotOpen):
        quote_answers.decline(quote, name="Ann", at=now)
    assert Event.objects.filter(type="quote.accepted").count() == 1
    told = Notification.objects.get(receiver=cast.rep)
    assert told.message % told.values == "Acme accepted the quote Q000001 (Ann Buyer)"

    other = quote_answers.decline(make_quote(cast.rep, sent=True, at=now), name="Bo", reason="Too dear", at=now)
    assert (other.state, other.decline_reason) == ("declined", "Too dear")


def test_an_order_is_made_once_of_what_was_accepted(cast, now):
    pump = make_product()
    lines = [
        Line(D(3), D("33.35"), product=pump, discount=D("0.1"), tax_rate=D("0.19")),
        Line(D(1), D(1020), "Travel"),
    ]
    quote = make_quote(cast.rep, lines=lines, currency="EUR", sent=True, at=now)
    with pytest.raises(ValidationError, match="accepted"):
        quote_answers.order(quote, by=cast.rep, at=now)
    assert not Order.objects.exists()
    quote_answers.accept(quote, name="Ann", at=now)
    order = quote_answers.order(quote, by=cast.rep, at=now)
    assert quote_answers.order(quote, by=cast.rep, at=now) == order == Order.objects.get()
    assert (order.amount, order.currency, order.owner, order.team) == (D("1110.05"), "EUR", cast.rep, cast.north)
    row = order.lines.get()
    assert (row.product, row.quantity, row.unit_price) == (pump, D(3), D("30.02"))
    assert order.notes == "From quote Q000001.\n1 × Travel: €1,020.00"
    assert Event.objects.filter(type="quote.ordered").count() == 1


def test_what_nobody_answered_expires_the_day_after_its_last(cast, now):
    due, later = (
        make_quote(cast.rep, sent=True, at=now, valid_until=now.date() + timedelta(days=days)) for days in (1, 2)
    )
    make_quote(cast.rep, valid_until=now.date())  # a draft
    assert quotes.expire(now + timedelta(days=1)) == 0
    assert [quotes.expire(now + timedelta(days=2)) for _ in range(2)] == [1, 0]
    assert [Quote.objects.get(pk=one.pk).state for one in (due, later)] == ["expired", "sent"]
    with pytest.raises(quote_answers.NotOpen):  # nobody waits for the job
        quote_answers.accept(later, name="Ann", at=now + timedelta(days=3))
