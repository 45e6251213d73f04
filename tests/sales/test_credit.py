"""Dividing the credit of a sale: 100 %, dated, only ever added to, and not moved by a handover."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from crm.models import Event, StaleVersion
from customers.sales.actions import credit, opportunities
from customers.sales.models import CreditShare, CreditSplit, Opportunity
from customers.sales.models.credit import credited, parts, stays_credited
from tests.factories.customers import make_task
from tests.factories.sales import WEDNESDAY, divide, make_opportunity

pytestmark = pytest.mark.django_db
TODAY = WEDNESDAY.date()


def held(opportunity, day=TODAY, kind="revenue") -> list[tuple[str, str]]:
    return [(one.person.name, str(one.amount)) for one in credited(opportunity, kind, day).credits]


def test_parts_are_whole_cents_that_add_up():
    third = Decimal("0.3333")
    assert parts(Decimal("100.00"), [third, third, 1 - 2 * third]) == [
        Decimal("33.33"), Decimal("33.33"), Decimal("33.34"),
    ]  # fmt: skip
    assert parts(Decimal("0.01"), [Decimal("0.5"), Decimal("0.5")]) == [Decimal("0.01"), Decimal("0.00")]
    assert parts(None, [Decimal(1)]) == [None]


def test_everything_is_the_owners_until_it_is_divided_and_the_split_recorded_last_counts(cast):
    sale = make_opportunity(cast.rep, amount=Decimal("100.00"))
    assert held(sale) == [("Rosa Rep", "100.00")]
    first = divide(sale, (cast.rep, "0.6"), (cast.junior, "0.4"))
    assert divide(sale, (cast.junior, "0.4"), (cast.rep, "0.6")) == first
    divide(sale, (cast.outsider, "1"), valid_from=TODAY + timedelta(days=1), valid_until=TODAY + timedelta(days=2))
    both = [("Rosa Rep", "60.00"), (cast.junior.name, "40.00")]
    days = [held(sale, TODAY + timedelta(days=number)) for number in (-1, 0, 1, 2, 3)]
    outsiders = [("Olaf Outsider", "100.00")]
    assert days == [[("Rosa Rep", "100.00")], both, outsiders, outsiders, both]
    divide(sale, (cast.agent, "0.7"), (cast.rep, "0.7"), kind="overlay")
    assert held(sale, kind="overlay") == [(cast.agent.name, "70.00"), ("Rosa Rep", "70.00")]
    divide(sale)
    assert (held(sale), CreditSplit.objects.count()) == ([("Rosa Rep", "100.00")], 4)
    told = Event.objects.filter(type="opportunity.credit_divided").order_by("pk").first().data
    assert (told["credit"], told["day"]) == ([[], ["Rosa Rep 60 %", f"{cast.junior.name} 40 %"]], TODAY.isoformat())


@pytest.mark.parametrize(
    ("shares", "how"),
    [
        ((("rep", "0.6"), ("junior", "0.3")), {}),
        ((("rep", "0.6"), ("rep", "0.4")), {}),
        ((("rep", "1"),), {"valid_from": TODAY, "valid_until": TODAY - timedelta(days=1)}),
        ((("rep", "1.2"),), {"kind": "overlay"}),
    ],
)
def test_what_does_not_add_up_is_refused_and_nothing_is_written(cast, shares, how):
    sale = make_opportunity(cast.rep)
    with pytest.raises(ValidationError):
        divide(sale, *((getattr(cast, who), share) for who, share in shares), **how)
    assert not CreditSplit.objects.exists()
    assert not Event.objects.filter(type__contains="credit").exists()


def test_the_database_adds_up_and_lets_no_split_be_changed(cast):
    sale = make_opportunity(cast.rep)
    split = divide(sale, (cast.rep, "0.6"), (cast.junior, "0.4"))
    point = transaction.savepoint()
    CreditShare.objects.create(split=split, person=cast.outsider, share=Decimal("0.1"))
    with pytest.raises(IntegrityError, match=r"add up to 1\.1"):
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    transaction.savepoint_rollback(point)
    refused = (
        lambda: CreditShare.objects.update(share=1),
        lambda: CreditSplit.objects.update(reason="another"),
        lambda: CreditSplit.objects.all().delete(),
        lambda: CreditShare.objects.all().delete(),
    )
    for change in refused:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert held(sale) == [("Rosa Rep", "600.00"), (cast.junior.name, "400.00")]
    opportunities.purge(sale, by=None, at=WEDNESDAY)
    assert not CreditSplit.objects.exists()


def test_a_handover_moves_no_credit_of_what_was_won_or_divided_and_says_so(cast, client, time_machine):
    time_machine.move_to(WEDNESDAY, tick=False)
    won, shared, plain, taken_back = (make_opportunity(cast.rep, name=name) for name in "WSPT")
    opportunities.win(won, by=cast.rep, at=WEDNESDAY)
    divide(shared, (cast.rep, "0.5"), (cast.junior, "0.5"))
    divide(taken_back, (cast.junior, "1"))
    divide(taken_back)
    rows = Opportunity.objects.filter(pk__in=[won.pk, shared.pk, plain.pk, taken_back.pk])
    said = stays_credited(rows, user=cast.manager, now=WEDNESDAY)
    assert [text[:31] for text in said] == ["1 opportunity is closed: what w", "The credit of 1 opportunity is "]
    client.force_login(cast.manager)
    bulk = reverse("opportunity-list-bulk", args=["hand-over"])
    preview = client.post(bulk, {"row": [one.pk for one in rows]}).content.decode()
    assert all(text in preview for text in said)
    bulk = reverse("customer-list-bulk", args=["hand-over"])
    make_task(cast.rep, customer=plain.customer)
    make_task(cast.teammate, customer=plain.customer)  # not the customer's owner's to do
    preview = client.post(bulk, {"row": [one.customer_id for one in rows]}).content.decode()
    assert all(text in preview for text in said)
    assert "With the open work go along: 1 open task, 3 open opportunities." in preview
    handover = [client.get(reverse("opportunity-handover", args=[one.pk])).content.decode() for one in (shared, plain)]
    assert ["Its credit is divided" in page for page in handover] == [True, False]
    opportunities.hand_over_many(rows, owner=cast.teammate, by=cast.manager, at=WEDNESDAY)
    for one in (won, shared, plain):
        one.refresh_from_db()
    assert held(won) == [("Rosa Rep", "1000.00")]
    assert held(shared) == [("Rosa Rep", "500.00"), (cast.junior.name, "500.00")]
    assert held(plain) == [(cast.teammate.name, "1000.00")]


def test_managers_divide_it_on_the_page_and_over_http_and_what_is_closed_needs_a_reason(cast, client, time_machine):
    time_machine.move_to(WEDNESDAY, tick=False)
    sale = make_opportunity(cast.rep, amount=Decimal("100.00"))
    opportunities.win(sale, by=cast.rep, at=WEDNESDAY)
    url = f"{reverse('opportunity-division', args=[sale.pk])}?kind=revenue"
    client.force_login(cast.rep)
    assert (client.get(url).status_code, client.post(url).status_code) == (403, 403)
    client.force_login(cast.manager)
    assert 'value="2026-05-13"' in client.get(url).content.decode()
    rows = {"shares-TOTAL_FORMS": 2, "shares-INITIAL_FORMS": 0, "valid_from": "2026-05-01", "seen": 0}
    rows |= {"shares-0-person": cast.rep.pk, "shares-0-share": "66.67", "shares-1-person": cast.junior.pk}
    for wrong in ({"shares-1-share": "33.33"}, {"shares-1-share": "30", "reason": "Both"}):
        assert client.post(url, rows | wrong).status_code == 422
    right = rows | {"shares-1-share": "33.33", "reason": "Both"}
    assert [client.post(url, right).status_code for _twice in range(2)] == [302, 409]
    assert held(sale, date(2026, 5, 13)) == [("Rosa Rep", "66.67"), (cast.junior.name, "33.33")]
    panel = client.get(reverse("opportunity-credit", args=[sale.pk])).content.decode()
    assert "66.67" in panel
    assert "Both" in panel
    send = {"content_type": "application/json", "headers": {"If-Match": "*"}}
    api = reverse("api:opportunity-division", args=[sale.pk])
    body = {"kind": "revenue", "reason": "Alone", "shares": [{"person": cast.rep.pk, "share": "1"}]}
    assert client.post(api, body | {"reason": ""}, **send).status_code == 400
    assert client.post(api, body, **send).status_code == 200
    listed = client.get(reverse("api:opportunity-credit", args=[sale.pk])).json()
    assert [(one["reason"], len(one["shares"])) for one in listed] == [("Alone", 1), ("Both", 2)]
    assert credit.as_text(credit.shares_of(CreditSplit.objects.first())) == ["Rosa Rep 100 %"]
    with pytest.raises(StaleVersion):
        credit.divide(sale, kind="revenue", shares=[], reason="x", seen=0, by=cast.manager, at=WEDNESDAY)
