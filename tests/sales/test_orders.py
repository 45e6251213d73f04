"""Orders: what they come to, their numbers, and what counts as revenue."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from crm.models import Event, SearchDocument, StaleVersion
from crm.search import finding
from customers.sales.actions import orders, products
from customers.sales.actions.orders import Line
from customers.sales.models import Order, OrderLine, Product
from tests.factories.sales import make_customer, make_opportunity, make_order, make_product

HOUR = timedelta(hours=1)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def two_lines():
    pump, hose = make_product("Pump"), make_product("Hose", price="9.99")
    return [Line(pump, Decimal("2"), Decimal("240.00")), Line(hose, Decimal("3.50"), Decimal("9.99"))]


def test_the_amount_is_the_sum_of_the_lines(cast, now):
    order = make_order(cast.rep, at=now, lines=two_lines())
    assert order.amount == Decimal("514.97")  # 480.00 + 34.965, which is 34.97 on its line
    assert [line.amount for line in order.lines.all()] == [Decimal("480.00"), Decimal("34.97")]
    assert Event.objects.get(type="order.created").data["lines"][0] == "2 × Pump à 240.00"


def test_an_amount_that_was_agreed_counts_more_than_the_lines(cast, now):
    order = make_order(cast.rep, at=now, lines=two_lines(), amount=Decimal("500.00"))
    assert order.amount == Decimal("500.00")


def test_neither_amount_nor_lines_is_refused(cast, now):
    with pytest.raises(ValidationError, match="Give an amount"):
        orders.create(customer=make_customer(cast.rep), by=cast.rep, at=now)
    assert not Order.objects.exists()


def test_numbers_follow_each_other_and_are_given_once(cast, now):
    customer = make_customer(cast.rep)
    numbers = [make_order(cast.rep, at=now, customer=customer).number for _ in range(3)]
    assert numbers == ["S000001", "S000002", "S000003"]
    with pytest.raises(ValidationError):
        make_order(cast.rep, at=now, customer=customer, number="S000002")
    assert Order.objects.count() == 3


def test_other_lines_change_a_sum_but_not_an_agreed_amount(cast, now):
    lines = two_lines()
    summed = make_order(cast.rep, at=now, lines=lines)
    agreed = make_order(cast.rep, at=now, lines=lines, amount=Decimal("500.00"), customer=summed.customer)
    summed = orders.update(summed, {}, lines=lines[:1], by=cast.rep, at=now + HOUR)
    agreed = orders.update(agreed, {}, lines=lines[:1], by=cast.rep, at=now + HOUR)
    assert (summed.amount, agreed.amount) == (Decimal("480.00"), Decimal("500.00"))
    assert (summed.version, agreed.version) == (2, 2)
    assert OrderLine.objects.filter(order=agreed).count() == 1
    assert Event.objects.filter(type="order.lines_changed").count() == 2


def test_the_same_lines_again_change_nothing(cast, now):
    lines = two_lines()
    order = make_order(cast.rep, at=now, lines=lines)
    before = list(OrderLine.objects.values()), Event.objects.count()
    assert orders.update(order, {}, lines=lines, by=cast.rep, at=now + HOUR).version == 1
    assert (list(OrderLine.objects.values()), Event.objects.count()) == before


def test_lines_changed_by_two_people_are_refused_to_the_second(cast, now):
    lines = two_lines()
    order = make_order(cast.rep, at=now, lines=lines)
    orders.update(order, {}, lines=lines[:1], by=cast.manager, at=now)
    with pytest.raises(StaleVersion):
        orders.update(order, {}, lines=lines[1:], version=1, base={}, by=cast.rep, at=now)
    assert [line.product.name for line in OrderLine.objects.all()] == ["Pump"]


def test_an_opportunity_of_another_customer_is_refused(cast, now):
    opportunity = make_opportunity(cast.rep, at=now)
    with pytest.raises(ValidationError, match="belongs to another customer"):
        make_order(cast.rep, at=now, opportunity=opportunity, customer=make_customer(cast.rep, "Beta"))
    assert not Order.objects.exists()


def test_a_line_of_nothing_is_refused_by_form_and_database(cast, now):
    pump = make_product()
    with pytest.raises(ValidationError, match="more than zero"):
        make_order(cast.rep, at=now, lines=[Line(pump, Decimal("0"), Decimal("1"))])
    assert not Order.objects.exists()
    order = make_order(cast.rep, at=now)
    with pytest.raises(IntegrityError, match="order_line_quantity_positive"), transaction.atomic():
        OrderLine.objects.create(order=order, product=pump, quantity=0, unit_price=1)


def test_money_in_letters_that_are_no_currency_is_refused(cast, now):
    with pytest.raises(ValidationError, match="three letters"):
        make_order(cast.rep, at=now, currency="US")
    with pytest.raises(IntegrityError, match="product_currency_is_a_code"), transaction.atomic():
        Product.objects.create(name="Odd", currency="U1X")


def form_values(lines, **more):
    values = {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": 0, "ordered_at": "2026-05-13T12:00"}
    for number, (product, quantity, price) in enumerate(lines):
        values |= {
            f"lines-{number}-product": product.pk,
            f"lines-{number}-quantity": quantity,
            f"lines-{number}-unit_price": price,
        }
    return values | more


def test_an_order_is_noted_edited_deleted_and_brought_back(as_user, cast):
    customer, pump = make_customer(cast.rep), make_product()
    client = as_user(cast.rep)
    assert client.get(reverse("order-new"), {"customer": customer.pk}).status_code == 200
    answer = client.post(reverse("order-new"), form_values([(pump, "2", "")], customer=customer.pk))
    order = Order.objects.get()
    assert answer["Location"] == reverse("order-detail", args=[order.pk])
    assert (order.amount, order.owner, order.number) == (Decimal("500.00"), cast.rep, "S000001")
    assert "S000001" in client.get(answer["Location"]).content.decode()

    page = client.get(reverse("order-edit", args=[order.pk]))
    form = page.context["form"]
    values = {name: form[name].value() or "" for name in form.fields if name != "ordered_at"}
    values = form_values([(pump, "3", "100")], **values) | {"lines-INITIAL_FORMS": 1}
    assert client.post(reverse("order-edit", args=[order.pk]), values).status_code == 302
    order.refresh_from_db()
    assert order.amount == Decimal("300.00")

    assert client.post(reverse("order-delete", args=[order.pk])).status_code == 302
    assert client.get(reverse("order-detail", args=[order.pk])).status_code == 404
    assert client.post(reverse("order-restoration", args=[order.pk])).status_code == 302
    assert client.get(reverse("order-list")).status_code == 200


def test_a_broken_line_is_shown_and_nothing_is_noted(as_user, cast):
    customer, pump = make_customer(cast.rep), make_product()
    answer = as_user(cast.rep).post(reverse("order-new"), form_values([(pump, "-1", "5")], customer=customer.pk))
    assert answer.status_code == 422
    assert "A quantity is more than zero." in answer.content.decode()
    assert not Order.objects.exists()


def test_products_are_for_everybody_to_see_and_for_few_to_change(as_user, cast, now):
    pump = make_product()
    rep = as_user(cast.rep)
    assert rep.get(reverse("product-detail", args=[pump.pk])).status_code == 200
    assert rep.get(reverse("product-list")).status_code == 200
    assert rep.get(reverse("product-new")).status_code == 403
    assert rep.post(reverse("product-edit", args=[pump.pk]), {"name": "Mine"}).status_code == 403
    assert rep.post(reverse("product-delete", args=[pump.pk])).status_code == 403
    admin = as_user(cast.administrator)
    values = {"name": "Better pump", "price": "260", "currency": "usd", "is_active": "on", "version": 1}
    assert admin.post(reverse("product-edit", args=[pump.pk]), values).status_code == 302
    pump.refresh_from_db()
    assert (pump.name, pump.price, pump.currency, pump.version) == ("Better pump", Decimal("260.00"), "USD", 2)
    assert admin.post(reverse("product-delete", args=[pump.pk])).status_code == 302
    assert admin.post(reverse("product-restoration", args=[pump.pk])).status_code == 302
    assert Product.objects.alive().get() == pump


def test_a_new_product_is_in_the_organisations_currency(cast, now, settings):
    settings.CURRENCY = "CNY"
    assert products.create(name="阀门", by=None, at=now).currency == "CNY"


def test_opportunities_orders_and_products_can_be_found(cast, now):
    opportunity = make_opportunity(cast.rep, at=now, external_id="1C1I7A6R")
    make_order(cast.rep, at=now, customer=opportunity.customer, number="A-77")
    make_product("Pump")
    found = {(row.kind, row.title, row.subtitle) for row in SearchDocument.objects.all()}
    assert found >= {
        ("opportunity", "New machines", "Acme"),
        ("order", "A-77", "Acme"),
        ("product", "Pump", ""),
    }
    for words in ["1c1i7", "acme", "new mach"]:
        assert list(finding.ids("opportunity", words)) == [{"object_id": opportunity.pk}]
