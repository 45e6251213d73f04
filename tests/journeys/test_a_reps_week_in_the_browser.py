"""A rep's week: quotes that customers answer on their page, a lead written to, a twin merged, the pool, the bin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.actions import pool
from customers.models import Customer, Email
from customers.sales.models import Order, Quote
from tests.factories.customers import make_contact, make_customer
from tests.factories.sales import make_lead, make_product, make_quote
from tests.journeys.browsing import PHONE, Pages, flaws

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def customer(cast: Any) -> Customer:
    customer = make_customer(cast.rep, "张伟贸易")
    make_contact(cast.rep, "李娜", customer=customer, email="lina@buyer.example")
    return customer


def press(page: Page, name: str) -> None:
    """A button of the open dialog, until the page is there again."""
    page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_load_state("networkidle")


def the_quote_is_sent(page: Page) -> str:
    """Drafted with the price of the list, and its link."""
    page.locator("#id_customer").fill("zhangwei")
    page.locator("#id_customer_found input[type=radio]").first.check()
    page.locator("#id_title").fill("Two pumps")
    page.locator("[name=lines-0-product]").select_option(label="Pump")
    expect(page.locator("[name=lines-0-unit_price]")).to_have_value("250.00")
    page.locator("[name=lines-0-quantity]").fill("2")
    page.get_by_role("button", name="Draft the quote").click()
    page.get_by_role("link", name="Send").click()
    page.get_by_role("dialog").locator("[type=submit]").click()
    return page.locator("#quote-link").input_value()


def test_customers_accept_and_decline_and_the_accepted_quote_becomes_an_order(
    cast: Any, customer: Customer, open_page: Pages
) -> None:
    make_product(price="250.00")
    page = open_page(cast.rep, "/sales/quotes/new/")
    link = the_quote_is_sent(page)
    quote = Quote.objects.get()

    public = open_page(None, f"{link.replace(link.split('/q/')[0], open_page.url)}?lang=zh-hans", width=PHONE)
    assert flaws(public) == []
    public.get_by_role("button", name="接受报价").click()
    expect(public.get_by_role("alert")).to_be_visible()  # nobody's name: nothing is recorded
    public.get_by_label("您的姓名").fill("李娜")
    public.get_by_role("button", name="接受报价").click()
    expect(public.get_by_role("button", name="接受报价")).to_have_count(0)

    declined = make_quote(cast.rep, at=timezone.now(), sent=True, customer=customer)
    public.goto(f"{open_page.url}/q/{declined.link.rstrip('/').rpartition('/')[2]}/")
    public.get_by_label("Your name").fill("Li Na")
    public.get_by_text("Rather not?").click()
    public.get_by_label("Why").fill("Too late")
    public.get_by_role("button", name="Decline the quote").click()
    expect(public.locator("main")).to_contain_text("Declined by Li Na")
    declined.refresh_from_db()
    assert (declined.state, declined.decline_reason) == ("declined", "Too late")

    page.goto(quote.get_absolute_url())
    expect(page.locator("#timeline")).to_contain_text("李娜 accepted quote")
    page.get_by_role("button", name="Order from this quote").click()
    page.wait_for_url("**/sales/orders/**")
    order = Order.objects.get()
    assert (order.customer, order.amount, Quote.objects.get(pk=quote.pk).state) == (customer, Decimal(500), "accepted")


def test_a_lead_is_written_to_a_twin_is_merged_and_undone_and_what_was_deleted_comes_back(
    cast: Any, customer: Customer, open_page: Pages
) -> None:
    lead = make_lead(cast.rep, at=timezone.now(), email="lena@lead.example")
    twin = make_customer(cast.rep, "張偉貿易")
    pool.release(make_customer(cast.teammate, "Left alone"), reason="No time", by=cast.teammate, at=timezone.now())

    page = open_page(cast.rep, lead.get_absolute_url())
    page.get_by_role("link", name="Write an email").click()
    page.get_by_role("dialog").get_by_label("Subject").fill("Pumps for {lead.organisation}")
    page.get_by_role("dialog").get_by_label("Text").fill("Dear {contact.name}, here they are.")
    assert flaws(page) == []
    press(page, "Send")
    expect(page.locator("#timeline")).to_contain_text("Dear Lena Lead, here they are.")
    assert (Email.objects.get().subject, Email.objects.get().to) == ("Pumps for Lead Ltd", ["lena@lead.example"])

    page.goto(f"/customers/{customer.pk}/merge/{twin.pk}/")
    page.get_by_role("button", name="Merge", exact=True).click()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Undone")
    assert Customer.objects.alive().filter(pk=twin.pk).exists()

    page.goto("/customers/pool/")
    page.get_by_role("row", name="Left alone").get_by_role("button", name="Claim").click()
    expect(page.locator("#toasts")).to_contain_text("Left alone is yours now.")

    page.goto(f"/customers/{twin.pk}/delete/")
    page.locator("main form [type=submit]").click()
    page.goto("/bin/")
    page.get_by_role("row", name="張偉貿易").get_by_role("button").click()
    page.wait_for_load_state("networkidle")
    assert Customer.objects.get(name="Left alone").owner == cast.rep
    assert Customer.objects.alive().filter(pk=twin.pk).exists()
