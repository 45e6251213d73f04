"""A few quotes for what is open now, one or two in each state, and what products cost on a list of their own."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from customers.sales.actions import quote_answers, quotes
from customers.sales.actions.quote_lines import Line
from customers.sales.models import CurrencyRate, ListPrice, PriceList, Quote, QuoteRules
from evaluation.demo import words
from evaluation.demo.customers import language_of
from evaluation.demo.world import World

# What became of each, in the order of the opportunities that were opened last.
STORY = ("sent", "accepted", "draft", "declined", "expired", "replaced", "sent", "accepted", "draft", "sent")
AFTER = timedelta(days=2)  # after the opportunity was opened, at the earliest
ON_SITE = {words.ENGLISH: "Installation on site", words.CHINESE: "现场安装调试"}
WHY_NOT = {words.ENGLISH: "Over our budget this year.", words.CHINESE: "超出今年的预算。"}
SENDER = "Yardstick Instruments 衡准仪器\nExample Street 1 示例路1号"
TERMS = "Payable within 30 days. 30天内付款。"
TAX = Decimal("0.13")


def offer(world: World) -> None:
    QuoteRules.objects.create(sender=SENDER, terms=TERMS, tax_percent=TAX * 100)
    _list_prices(world)
    _rates(world)
    open_ones = [one for one in world.opportunities if one.is_open and one.opened_at < world.now - 2 * AFTER]
    open_ones.sort(key=lambda one: (one.opened_at, one.pk), reverse=True)
    for opportunity, ending in zip(open_ones, STORY, strict=False):
        _offer(world, opportunity, ending)


def _list_prices(world: World) -> None:
    """This year's prices in the organisation's currency, a little below the products' own, and some for abroad."""
    first = date(world.today.year, 1, 1)
    for name, currency, factor in (("Home 国内", settings.CURRENCY, "0.96"), ("Euro 欧元区", "EUR", "0.92")):
        prices = PriceList.objects.create(name=f"{name} {world.today.year}", currency=currency, valid_from=first)
        ListPrice.objects.bulk_create(
            ListPrice(price_list=prices, product=product, price=(product.price * Decimal(factor)).quantize(Decimal(1)))
            for product in world.products
        )


def _rates(world: World) -> None:
    """What the currencies of the neighbours were worth at the beginning of each quarter of the last three years."""
    firsts = [date(world.today.year - back, month, 1) for back in (2, 1, 0) for month in (1, 4, 7, 10)]
    CurrencyRate.objects.bulk_create(
        CurrencyRate(currency=code, valid_from=day, rate=Decimal(start) + Decimal(step) * (place % 5))
        for code, start, step in (("EUR", "1.0700", "0.0120"), ("GBP", "1.2500", "0.0090"), ("CNY", "0.1390", "0.0008"))
        for place, day in enumerate(day for day in firsts if day <= world.today)
        if code != settings.CURRENCY
    )


def _offer(world: World, opportunity: Any, ending: str) -> None:
    owner, language = opportunity.owner, language_of(opportunity.customer)
    sent_at = max(opportunity.opened_at + AFTER, world.now - timedelta(days=12))
    product = opportunity.product
    quantity = max(Decimal(1), (opportunity.amount / product.price).quantize(Decimal(1)))
    lines = [
        Line(quantity, product.price, product=product, discount=Decimal("0.05"), tax_rate=TAX),
        Line(Decimal(1), Decimal(600), ON_SITE[language], tax_rate=TAX),
    ]
    until = sent_at.date() if ending == "expired" else world.today + timedelta(days=20)
    quote = quotes.create(
        customer=opportunity.customer, contact=opportunity.contact, opportunity=opportunity, title=opportunity.name,
        currency=opportunity.currency, lines=lines, valid_until=until, owner=owner, by=owner, at=sent_at,
    )  # fmt: skip
    if ending == "draft":
        return
    quote = quotes.send(quote, language=language, by=owner, at=sent_at)
    answered = {"name": opportunity.contact.name, "at": world.now - timedelta(hours=9)}
    if ending == Quote.State.ACCEPTED:
        quote_answers.accept(quote, **answered)
    elif ending == Quote.State.DECLINED:
        quote_answers.decline(quote, reason=WHY_NOT[language], **answered)
    elif ending == Quote.State.EXPIRED:
        quotes.expire(world.now)
    elif ending == Quote.State.REPLACED:
        newer = quotes.new_version(quote, by=owner, at=world.now - timedelta(hours=10))
        quotes.send(newer, language=language, by=owner, at=world.now - timedelta(hours=10))
