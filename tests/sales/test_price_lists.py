"""Price lists: one price of a product at a time, and which one counts on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from customers.sales.models import ListPrice, PriceList
from customers.sales.models.price_list import price_of
from tests.factories.sales import make_product

pytestmark = pytest.mark.django_db
JANUARY, JUNE, JULY, DECEMBER = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31)


@pytest.fixture
def pump(db):
    return make_product()  # 250 USD


@pytest.fixture
def euro(db):
    return PriceList.objects.create(name="Euro 2026", currency="eur", valid_from=JANUARY, valid_until=DECEMBER)


def test_the_price_that_counts_is_the_lists_of_that_day_and_currency_else_the_products_own(pump, euro):
    ListPrice.objects.create(price_list=euro, product=pump, price=210, valid_until=JUNE)
    ListPrice.objects.create(price_list=euro, product=pump, price=220, valid_from=JULY)
    assert [price_of(pump, "EUR", day) for day in (date(2025, 12, 31), JANUARY, JUNE, JULY, date(2027, 1, 1))] == [
        None, 210, 210, 220, None,
    ]  # fmt: skip
    assert price_of(pump, "USD", JULY) == 250
    later = PriceList.objects.create(name="Summer", currency="EUR", valid_from=JULY)
    ListPrice.objects.create(price_list=later, product=pump, price=199)
    assert price_of(pump, "eur", JULY) == 199  # the list that began last
    assert price_of(pump, "EUR", JUNE) == 210


def test_two_prices_of_a_product_at_one_time_are_refused(pump, euro):
    ListPrice.objects.create(price_list=euro, product=pump, price=210, valid_until=JUNE)
    second = ListPrice(price_list=euro, product=pump, price=Decimal(1), valid_from=JUNE)
    with pytest.raises(ValidationError, match="another price on this list"):
        second.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        second.save()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert ListPrice.objects.get().price == 210
    ListPrice(price_list=euro, product=make_product("Valve"), price=Decimal(1)).full_clean()


def test_administrators_keep_lists_and_prices_may_change_places(client, cast, pump, euro):
    client.force_login(cast.administrator)
    rows = [
        ListPrice.objects.create(price_list=euro, product=pump, price=210, valid_until=JUNE),
        ListPrice.objects.create(price_list=euro, product=pump, price=220, valid_from=JULY),
    ]
    page = reverse("admin:sales_pricelist_change", args=[euro.pk])
    assert client.get(page).status_code == 200

    def send(*periods):
        said = {"name": "Euro", "currency": "EUR", "prices-TOTAL_FORMS": 2, "prices-INITIAL_FORMS": 2}
        for place, (row, (first, last)) in enumerate(zip(rows, periods, strict=True)):
            said |= {
                f"prices-{place}-{name}": value or ""
                for name, value in {
                    "id": row.pk, "price_list": euro.pk, "product": pump.pk, "price": row.price, "valid_from": first,
                    "valid_until": last,
                }.items()
            }  # fmt: skip
        return client.post(page, said)

    refused = send((None, JULY), (JULY, None))
    assert "This product has another price on this list at that time." in refused.content.decode()
    assert ListPrice.objects.get(pk=rows[0].pk).valid_until == JUNE
    assert send((JULY, None), (None, JUNE)).status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert [price_of(pump, "EUR", day) for day in (JUNE, JULY)] == [220, 210]
