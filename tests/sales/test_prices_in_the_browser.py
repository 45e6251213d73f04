"""The price a chosen product brings, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Route, expect

from tests.factories.sales import make_opportunity, make_product
from tests.journeys.browsing import Pages

pytestmark = pytest.mark.browser


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Pages]:
    cache.clear()
    pages = Pages(browser, live_server.url)
    yield pages
    pages.close()
    assert pages.complaints == []


def test_a_price_that_was_typed_before_the_proposed_one_came_stays(open_page: Pages, cast: Any) -> None:
    pump = make_product("Pump", price=Decimal("1500.00"))
    sale = make_opportunity(cast.rep, at=timezone.now())
    page = open_page(cast.rep, reverse("opportunity-lines", args=[sale.pk]))
    product, price = page.locator("[name=lines-0-product]"), page.locator("[name=lines-0-unit_price]")
    waiting: list[Route] = []
    page.route("**/sales/prices/**", lambda route: waiting.append(route))
    product.select_option(str(pump.pk))
    price.fill("1200")
    with page.expect_response("**/sales/prices/**"):
        waiting[0].continue_()
    page.unroute("**/sales/prices/**")
    page.wait_for_timeout(300)  # what came is not put in: nothing on the page tells when it would have been
    expect(price).to_have_value("1200")
    # Nothing typed meanwhile: the proposal is put in.
    product.select_option("")
    product.select_option(str(pump.pk))
    expect(price).to_have_value("1500.00")
    # One more line than is offered: it brings prices, too, comes back with a draft, and is saved.
    page.get_by_role("button", name="One more line").click()
    page.locator("[name=lines-3-product]").select_option(str(pump.pk))
    expect(page.locator("[name=lines-3-unit_price]")).to_have_value("1500.00")
    page.fill("[name=lines-3-quantity]", "4")
    page.reload()
    quantity = page.locator("[name=lines-3-quantity]")
    expect(quantity).to_have_value("4")
    quantity.fill("-4")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[name=lines-3-quantity][aria-invalid=true]")).to_be_focused()
    quantity.fill("4")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{sale.get_absolute_url()}")
    assert sorted(sale.lines.values_list("quantity", flat=True)) == [1, 4]
