"""Returns of orders: what came back, what was paid back for it, and what stays true afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from crm.models import Event, StaleVersion, User
from customers.sales.actions import order_returns, orders
from customers.sales.actions.order_returns import Back
from customers.sales.actions.orders import Line
from customers.sales.models import Order, OrderLine, OrderReturn, OrderReturnLine
from tests.factories.sales import make_order, make_product, make_return, return_reason

HOUR = timedelta(hours=1)


@pytest.fixture
def order(cast, now):
    """10 pumps at 240.00 and 3 hoses at 9.99."""
    pump, hose = make_product("Pump"), make_product("Hose", price="9.99")
    lines = [Line(pump, Decimal(10), Decimal("240.00")), Line(hose, Decimal(3), Decimal("9.99"))]
    return make_order(cast.rep, at=now, lines=lines)


def came_back(order):
    return [(line.product.name, line.came_back, line.kept) for line in order.lines.with_returns()]


def stands(order):
    found = Order.objects.with_refunds().get(pk=order.pk)
    return found.amount, found.refunded, found.net


def test_a_part_comes_back_at_the_price_that_was_paid(cast, now, order):
    made = make_return(order, at=now, quantities=(2, 1), note="  Two leak ")
    assert (made.number, made.amount, made.note) == ("R000001", Decimal("489.99"), "Two leak")
    assert came_back(order) == [("Pump", 2, 8), ("Hose", 1, 2)]
    assert stands(order) == (Decimal("2429.97"), Decimal("489.99"), Decimal("1939.98"))
    event = Event.objects.get(type="order.returned")
    assert event.data["lines"] == ["2 × Pump", "1 × Hose"]
    assert (event.data["amount"], event.data["return_reason"]["label"]) == ("489.99", "Faulty")


def test_of_an_agreed_amount_its_share_is_paid_back_and_all_of_it_once_everything_is_back(cast, now, order):
    orders.update(order, {"amount": Decimal("2000.00")}, by=cast.rep, at=now)
    parts = [make_return(order, at=now, quantities=quantities).amount for quantities in ((3, 0), (3, 3), (4, 0))]
    assert parts == [Decimal("592.60"), Decimal("617.27"), Decimal("790.13")]
    assert sum(parts) == Decimal("2000.00")
    assert stands(order) == (Decimal("2000.00"), Decimal("2000.00"), Decimal("0.00"))


def test_what_makes_no_sense_is_refused_and_changes_nothing(cast, now, order):
    make_return(order, at=now, quantities=(8, 0), amount=Decimal("1900.00"))
    pump, hose = order.lines.all()
    foreign = make_order(
        cast.rep, at=now, number="X", customer=order.customer, lines=[Line(pump.product, Decimal(1), Decimal(1))]
    )
    refused = [
        ({"lines": [Back(pump, Decimal("2.01"))]}, "Of Pump no more than 2 can come back"),
        ({"lines": [Back(pump, Decimal(0))]}, "more than zero"),
        ({"lines": [Back(hose, Decimal(1)), Back(hose, Decimal(1))]}, "Each line stands there once"),
        ({"lines": [Back(foreign.lines.get(), Decimal(1))]}, "not a line of the order"),
        ({"amount": Decimal("530.00")}, "No more than 529.97 "),
        ({}, "Say what came back"),
        ({"amount": Decimal(1), "returned_at": now - timedelta(days=1)}, "before it was ordered"),
        ({"amount": Decimal(1), "returned_at": now + HOUR}, "once it is back"),
    ]
    before = OrderReturn.objects.count(), Event.objects.count()
    for said, sentence in refused:
        with pytest.raises(ValidationError, match=sentence):
            order_returns.note(order, reason=return_reason(), by=cast.rep, at=now, **said)
    with pytest.raises(StaleVersion):
        order_returns.note(order, reason=return_reason(), amount=Decimal(1), version=1, by=cast.rep, at=now)
    assert (OrderReturn.objects.count(), Event.objects.count()) == before


def test_a_cancelled_return_counts_for_nothing_and_stays(cast, now, order):
    made = make_return(order, at=now, quantities=(10, 3))
    with pytest.raises(ValidationError, match="Say why"):
        order_returns.cancel(made, reason=" ", by=cast.rep, at=now + HOUR)
    for _again in range(2):
        made = order_returns.cancel(made, reason="Another order's", by=cast.rep, at=now + HOUR)
    assert (made.cancelled_at, made.cancelled_by, made.cancelled_why) == (now + HOUR, cast.rep, "Another order's")
    assert came_back(order) == [("Pump", 0, 10), ("Hose", 0, 3)]
    assert stands(order)[1] == 0
    assert Event.objects.filter(type="order.return_cancelled").count() == 1
    assert make_return(order, at=now, quantities=(10, 3)).amount == order.amount


def test_the_database_keeps_both_sums_and_the_record_of_it(cast, now, order):
    made = make_return(order, at=now, quantities=(9, 0), amount=Decimal(2400))
    pump = order.lines.get(product__name="Pump")
    more = OrderReturn.objects.create(
        number="R-2", order=order, returned_at=now, amount=Decimal(1), reason=return_reason(), recorded_at=now
    )
    other = make_order(cast.rep, at=now, customer=order.customer, lines=[Line(pump.product, Decimal(1), Decimal(1))])
    refused = [
        (
            lambda: OrderReturnLine.objects.create(order_return=more, line=other.lines.get(), quantity=1),
            "not of the order",
        ),
        (lambda: OrderReturnLine.objects.create(order_return=more, line=pump, quantity=2), "would be returned"),
        (lambda: OrderLine.objects.filter(pk=pump.pk).update(quantity=8), "would be returned"),
        (lambda: Order.objects.filter(pk=order.pk).update(amount=2400), "would be refunded"),
        (
            lambda: OrderReturn.objects.create(
                number="R-3", order=order, returned_at=now, amount=29, reason=return_reason(), recorded_at=now
            ),
            "would be refunded",
        ),
        (lambda: OrderReturn.objects.filter(pk=made.pk).update(amount=1), "only ever added"),
        (lambda: OrderReturnLine.objects.filter(order_return=made).update(quantity=1), "only ever added"),
        (lambda: OrderReturn.objects.filter(pk=made.pk).delete(), "only ever added"),
    ]
    for write, sentence in refused:
        with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
            write()
    order_returns.cancel(made, reason="Wrong", by=cast.rep, at=now)
    with pytest.raises(IntegrityError, match="cancelled once"), transaction.atomic():
        OrderReturn.objects.filter(pk=made.pk).update(cancelled_at=None, cancelled_by=None, cancelled_why="")
    assert came_back(order) == [("Pump", 0, 10), ("Hose", 0, 3)]


def test_lines_that_came_back_stay_when_an_order_is_edited(cast, now, order):
    make_return(order, at=now, quantities=(4, 0))
    pump, hose = orders.lines_of(order)
    for lines, sentence in (
        ([hose], "4 × Pump came back"),
        ([Line(pump.product, Decimal(3), pump.unit_price)], "4 × Pump came back"),
    ):
        with pytest.raises(ValidationError, match=sentence):
            orders.update(order, {}, lines=lines, by=cast.rep, at=now)
    for changes, sentence in (({"currency": "EUR"}, "currency stays"), ({"amount": Decimal(959)}, "960.00 of it")):
        with pytest.raises(ValidationError, match=sentence):
            orders.update(order, changes, by=cast.rep, at=now)
    orders.update(order, {}, lines=[Line(pump.product, Decimal(5), Decimal("200.00"))], by=cast.rep, at=now)
    assert came_back(order) == [("Pump", 4, 1)]
    assert stands(order) == (Decimal("1000.00"), Decimal("960.00"), Decimal("40.00"))


def test_the_page_notes_a_return_shows_it_and_cancels_it(client, cast, now, order):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    pump, _hose = order.lines.all()
    url = reverse("order-return", args=[order.pk])
    form = client.get(url).context["form"]
    said = {"version": form.initial["version"], "reason": return_reason().pk, f"line_{pump.pk}": "11"}
    said["returned_at"] = form["returned_at"].value().strftime("%Y-%m-%dT%H:%M")
    refused = client.post(url, said)
    assert (refused.status_code, OrderReturn.objects.count()) == (422, 0)
    assert client.post(url, said | {f"line_{pump.pk}": "2"}).status_code == 302
    stale = client.post(url, said | {f"line_{pump.pk}": "2"})
    assert (stale.status_code, OrderReturn.objects.count()) == (409, 1)
    made = OrderReturn.objects.get()
    page = client.get(order.get_absolute_url())
    assert (page.context["refunded"], page.context["net"]) == (Decimal("480.00"), Decimal("1949.97"))
    assert "R000001" in page.content.decode()
    panel = client.get(reverse("customer-orders", args=[order.customer_id])).content.decode()
    assert "1,949.97" in panel
    timeline = client.get(reverse("customer-timeline", args=[order.customer_id])).content.decode()
    assert "Of order S000001 came back: 2 × Pump (Faulty), refunded" in timeline
    url = reverse("order-return-cancellation", args=[order.pk, made.pk])
    assert client.post(url, {"reason": "Mixed up"}).status_code == 302
    assert client.get(order.get_absolute_url()).context["refunded"] == 0


def test_in_chinese_what_was_ordered_is_no_day_and_what_stays_paid_is_not_untaxed(client, cast, now, order):
    make_return(order, at=now, quantities=(2, 1))
    User.objects.filter(pk=cast.rep.pk).update(language="zh-hans")
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(order.get_absolute_url()).content.decode()
    assert ">订购</th>" in page
    assert ">退回</th>" in page
    assert ">净额</dt>" in page
    assert page.count("下单日期") == 1


def test_programs_note_a_return_once_however_often_they_send_it(client, cast, now, order):
    client.force_login(cast.rep, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = f"/api/v1/orders/{order.pk}/"
    read = client.get(url).json()
    assert (read["refunded"], read["net"], read["lines"][0]["returned"]) == ("0.00", "2429.97", "0.00")

    def send(path, body, key):
        head = {"If-Match": "*", "Idempotency-Key": key}
        return client.post(url + path, json.dumps(body), content_type="application/json", headers=head)

    body = {"reason": return_reason().pk, "lines": [{"line": read["lines"][0]["id"], "quantity": "2"}]}
    answers = [send("return/", body, "once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json()["net"] == "1949.97"
    assert answers[0].json()["lines"][0]["returned"] == "2.00"
    made = client.get(url + "returns/").json()
    assert [(one["number"], one["amount"], one["lines"][0]["quantity"]) for one in made] == [
        ("R000001", "480.00", "2.00")
    ]
    too_many = send("return/", {**body, "lines": [{"line": read["lines"][0]["id"], "quantity": "9"}]}, "two")
    assert (too_many.status_code, OrderReturn.objects.count()) == (400, 1)
    gone = send("return-cancellation/", {"order_return": made[0]["id"], "reason": "Mixed up"}, "three")
    assert gone.json()["net"] == "2429.97"
    assert send("return-cancellation/", {"order_return": 987654321, "reason": "x"}, "four").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_the_second_finds_nothing_left(cast, now):
    from threading import Thread

    order = make_order(cast.rep, at=now, lines=[Line(make_product("Pump"), Decimal(1), Decimal(100))])
    outcomes = []

    def bring_back():
        try:
            make_return(order, at=now, quantities=(1,))
            outcomes.append("noted")
        except ValidationError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=bring_back) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["noted", "refused"]
    assert OrderReturn.objects.count() == 1


def test_all_returns_stand_in_a_list_for_whoever_sees_their_orders(client, cast, now, order):
    leaks = make_return(order, at=now, quantities=(2, 0), note="Two leak")
    wrong = make_return(order, at=now, quantities=(0, 1), reason=return_reason("Wrong article"))
    order_returns.cancel(wrong, reason="Noted twice", by=cast.rep, at=now)
    foreign = make_return(make_order(cast.outsider, at=now, number="O-X"), at=now, amount=Decimal(5))
    page = reverse("order-return-list")

    def listed(**asked):
        return [row.label for row in client.get(page, asked).context["list"].rows]

    client.force_login(cast.administrator)
    assert listed() == [foreign.number, wrong.number, leaks.number]
    client.force_login(cast.rep)
    assert listed() == [wrong.number, leaks.number]
    assert listed(cancelled="false", product=order.lines.first().product_id) == [leaks.number]
    assert listed(reason=wrong.reason_id, team=cast.north.pk) == [wrong.number]
    assert listed(q=order.number, sort="amount") == [wrong.number, leaks.number]
    assert listed(team=cast.south.pk) == []
    shown = b"".join(client.get(reverse("order-return-list-export"), {"format": "csv"}).streaming_content).decode()
    assert f"{leaks.number},{order.number},Acme,{now:%Y-%m-%d}" in shown.replace(" 00:00:00", "")
    assert foreign.number not in shown
    Order.objects.filter(pk=order.pk).update(deleted_at=now)
    assert listed() == []
