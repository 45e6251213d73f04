"""The lines of a quote and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from customers.sales.models import Product, Quote, QuoteLine
from customers.sales.models.quote_line import net_of, tax_on

NONE = Decimal("0.00")


@dataclass(frozen=True)
class Line:
    """What a customer is offered. Without a text the product's name is what they read."""

    quantity: Decimal
    unit_price: Decimal
    text: str = ""
    product: Product | None = None
    discount: Decimal = Decimal(0)
    months: int | None = None  # how long it recurs; paid once without
    tax_rate: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        return net_of(self.quantity, self.unit_price, self.discount, self.months)

    @property
    def tax(self) -> Decimal:
        return tax_on(self.net, self.tax_rate)


@dataclass(frozen=True)
class TaxSum:
    """What is taxed at one rate."""

    rate: Decimal
    net: Decimal
    tax: Decimal


def sums_of(lines: Iterable[Line]) -> dict[str, Decimal]:
    """The quote's net amount, tax and total: sums of what was rounded line by line."""
    given = list(lines)
    net, tax = sum((line.net for line in given), NONE), sum((line.tax for line in given), NONE)
    return {"net": net, "tax": tax, "total": net + tax}


def taxes_of(lines: Iterable[Line]) -> list[TaxSum]:
    """By rate, the lowest first."""
    rates: dict[Decimal, list[Line]] = {}
    for line in lines:
        rates.setdefault(line.tax_rate.normalize(), []).append(line)
    return [
        TaxSum(rate, sum((line.net for line in rows), NONE), sum((line.tax for line in rows), NONE))
        for rate, rows in sorted(rates.items())
    ]


def lines_of(quote: Quote) -> list[Line]:
    rows = QuoteLine.objects.filter(quote=quote).select_related("product").order_by("pk")
    return [
        Line(row.quantity, row.unit_price, row.text, row.product, row.discount, row.months, row.tax_rate)
        for row in rows
    ]


def write_lines(quote: Quote, lines: Sequence[Line]) -> None:
    """Put these in the place of those there are."""
    QuoteLine.objects.filter(quote=quote).delete()
    for line in lines:
        row = QuoteLine(
            quote=quote, product=line.product, text=_text(line), quantity=line.quantity, unit_price=line.unit_price,
            discount=line.discount, months=line.months, tax_rate=line.tax_rate,
        )  # fmt: skip
        row.full_clean()
        row.save()


def as_text(lines: Sequence[Line]) -> list[str]:
    """As the history keeps them."""
    return [f"{line.quantity.normalize():f} × {_text(line)}, {line.net} + {line.tax}" for line in lines]


def tidy(lines: Sequence[Line]) -> list[Line]:
    """With what the customer reads written out, so that lines can be compared with those that are stored."""
    return [replace(line, text=_text(line)) for line in lines]


def _text(line: Line) -> str:
    given = " ".join(line.text.split())
    return given or (line.product.name if line.product else "")
