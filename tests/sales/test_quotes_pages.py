"""The pages of quotes, as we and the customer use them, and the same over the API."""

from __future__ import annotations

import re
import zlib
from base64 import a85decode
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from crm.models import Event
from customers.sales.actions import quotes
from customers.sales.models import Order, Quote
from customers.sales.views.public_quote import ANSWERS_PER_MINUTE
from customers.sales.views.quote_pdf import as_pdf
from tests.factories.sales import make_customer, make_opportunity, make_product, make_quote

pytestmark = pytest.mark.django_db
COUNT = {"lines-TOTAL_FORMS": 4, "lines-INITIAL_FORMS": 0}


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def as_rep(client, cast):
    client.force_login(cast.rep)
    return client


def sent(cast, **fields):
    return make_quote(cast.rep, sent=True, at=timezone.now(), **fields)


def address(quote, name="quote-answer"):
    return reverse(name, args=[quote.token])


def test_a_quote_is_written_sent_answered_and_ordered_by_hand(as_rep, cast):
    customer, pump = make_customer(cast.rep), make_product()
    page = f"{reverse('quote-new')}?customer={customer.pk}"
    assert as_rep.get(page).status_code == 200
    said = {"customer": customer.pk, "valid_until": timezone.localdate() + timedelta(days=9), "currency": "usd"}
    lines = {
        "lines-0-product": pump.pk, "lines-0-discount": "12.5", "lines-0-tax_rate": "8.25",
        "lines-1-text": "Travel", "lines-1-unit_price": "40",
    }  # fmt: skip
    assert "Choose a product" in as_rep.post(page, COUNT | said | {"lines-0-unit_price": "4"}).content.decode()
    assert not Quote.objects.exists()
    response = as_rep.post(page, COUNT | said | lines)
    quote = Quote.objects.get()
    assert (response.url, quote.owner, quote.net, quote.tax) == (
        quote.get_absolute_url(), cast.rep, Decimal("258.75"), Decimal("18.05")
    )  # fmt: skip
    edit = reverse("quote-edit", args=[quote.pk])
    typed = COUNT | said | {"lines-0-text": "Travel", "lines-0-unit_price": "50", "version": 1}
    assert as_rep.get(edit).status_code == 200
    assert as_rep.post(edit, typed).status_code == 302
    assert as_rep.post(edit, typed | {"lines-0-unit_price": "60"}).status_code == 409
    assert Quote.objects.get().net == 50

    def post(step, **values):
        return as_rep.post(reverse(f"quote-{step}", args=[quote.pk]), values).status_code

    assert as_rep.get(reverse("quote-sending", args=[quote.pk])).status_code == 200
    assert [post("sending", language="zh-hans", version=1), post("sending", language="zh-hans")] == [409, 302]
    quote.refresh_from_db()
    shown = as_rep.get(quote.get_absolute_url()).content.decode()
    assert quote.token in shown
    assert "$50.00" in shown
    assert as_rep.get(edit).url == quote.get_absolute_url()
    assert post("answer-noted", answer="accepted", name="Ann") == 302
    assert (post("ordering"), post("ordering"), Order.objects.count()) == (302, 302, 1)
    assert "became order S000001" in as_rep.get(quote.get_absolute_url()).content.decode()
    assert "accepted" in as_rep.get(reverse("customer-quotes", args=[customer.pk])).content.decode()


def test_somebody_who_only_sees_the_quote_is_not_shown_its_link(client, cast):
    quote = sent(cast)
    client.force_login(cast.teammate)
    page = client.get(quote.get_absolute_url())
    assert (page.status_code, quote.token in page.content.decode()) == (200, False)


def test_the_customer_accepts_under_the_link_and_looking_changes_nothing(client, cast):
    quote = sent(cast)
    page = client.get(address(quote))
    assert (page.status_code, "$119.00" in page.content.decode(), page.cookies) == (200, True, {})
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("no-referrer", "no-store")
    assert client.get(address(quote, "quote-answer-pdf")).content[:5] == b"%PDF-"
    assert client.post(address(quote), {"answer": "accepted", "name": ""}).status_code == 422
    quote.refresh_from_db()
    assert quote.state == "sent"
    for _ in range(2):
        done = client.post(address(quote), {"answer": "accepted", "name": "Ann Buyer"})
        assert (done.status_code, "Accepted by Ann Buyer" in done.content.decode()) == (200, True)
    late = client.post(address(quote), {"answer": "declined", "name": "Ann", "reason": "No"})
    assert (late.status_code, "Accepted by Ann Buyer" in late.content.decode()) == (409, True)
    event = Event.objects.get(type="quote.accepted")
    assert (event.by, event.data["name"]) == (None, "Ann Buyer")


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"valid_until": timezone.localdate() - timedelta(days=1)}, 409, "not valid any more"),
        ({"state": "expired"}, 409, "not valid any more"),
        ({"state": "replaced"}, 409, "newer version"),
        ({"deleted_at": timezone.now()}, 404, "leads nowhere"),
    ],
)
def test_what_is_not_open_says_so_and_takes_no_answer(client, cast, change, status, said):
    quote = sent(cast)
    Quote.objects.filter(pk=quote.pk).update(**change)
    before = Quote.objects.values().get()
    answer = client.post(address(quote), {"answer": "accepted", "name": "Ann"})
    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert said in client.get(address(quote)).content.decode()
    assert Quote.objects.values().get() == before
    assert not Event.objects.filter(type="quote.accepted").exists()


def test_a_wrong_link_is_like_one_that_never_was_and_guessing_is_slowed_down(client, cast):
    quote = sent(cast)
    codes = [
        client.post(address(quote), {"answer": "accepted", "name": ""}).status_code
        for _ in range(ANSWERS_PER_MINUTE + 1)
    ]
    assert codes == [422] * ANSWERS_PER_MINUTE + [429]
    assert client.get(reverse("quote-answer", args=["A" * 43])).status_code == 404
    assert quote.token not in str(Quote.objects.values().get())


def words_of(pdf: bytes) -> bytes:
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(a85decode(one.strip().removesuffix(b"~>"))) for one in streams if b"~>" in one)


def test_the_pdf_is_the_same_each_time_and_reads_in_both_languages(cast):
    quote = sent(cast, title="Anlage für 张伟")
    for language, word in (("en", b"Valid until"), ("zh-hans", "有效期至".encode("utf-16-be"))):
        first = as_pdf(quote, language)
        assert first == as_pdf(Quote.objects.get(pk=quote.pk), language)
        plain = re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1], 8)]), words_of(first))
        assert word in plain, plain
        assert b"119.00" in plain


def test_quotes_over_the_api_follow_the_same_rules(as_rep, cast):
    customer, pump = make_customer(cast.rep), make_product()
    body = {"customer": customer.pk, "lines": [{"product": pump.pk, "quantity": "2", "tax_rate": "0.19"}]}
    made = as_rep.post("/api/v1/quotes/", body, content_type="application/json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["number"], told["net"], told["total"], told["state"]) == ("Q000001", "500.00", "595.00", "draft")
    assert told["lines"][0]["text"] == "Pump"
    url = f"/api/v1/quotes/{told['id']}/"

    def send(method, path, tag, **values):
        answer = getattr(as_rep, method)(url + path, values, content_type="application/json", HTTP_IF_MATCH=tag)
        return answer.status_code, answer.json()

    assert send("patch", "", '"1"', lines=[{"text": "Travel"}])[0] == 400  # no price
    assert send("patch", "", '"1"', lines=[{"text": "Travel", "unit_price": "40"}])[1]["net"] == "40.00"
    status, answer = send("post", "sending/", '"2"', language="en")
    assert (status, answer["link"].endswith(Quote.objects.get().token + "/")) == (200, True)
    assert send("patch", "", '"3"', title="Other")[0] == 400
    assert send("post", "order/", '"3"')[0] == 400
    assert send("post", "version/", '"3"')[0] == 201
    assert send("post", "answer/", '"3"', answer="accepted", name="Ann")[1]["state"] == "accepted"
    assert send("post", "order/", '"4"')[1]["order"] == Order.objects.get().pk


def test_choosing_a_product_brings_its_price_and_a_new_quote_the_lines_of_the_opportunity(as_rep, cast, now):
    pump = make_product()
    asked = {"field": "lines-2-unit_price", "lines-2-product": pump.pk, "currency": "usd"}
    assert 'value="250.00"' in as_rep.get(reverse("price-proposal"), asked).content.decode()
    assert "value=" not in as_rep.get(reverse("price-proposal"), asked | {"currency": "EUR"}).content.decode()
    assert as_rep.get(reverse("price-proposal"), asked | {"field": "<b>"}).status_code == 204
    sale = make_opportunity(cast.rep, name="Two lines", at=now)
    page = as_rep.get(f"{reverse('quote-new')}?opportunity={sale.pk}").content.decode()
    assert 'value="Two lines"' in page
    quotes.create(customer=sale.customer, opportunity=sale, by=cast.rep, at=now, owner=cast.rep)
    assert "Q000001" in as_rep.get(reverse("opportunity-quotes", args=[sale.pk])).content.decode()
