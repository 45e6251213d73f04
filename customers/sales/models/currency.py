from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.access import fields

CENT = Decimal("0.01")


def in_cents(amount: Decimal) -> Decimal:
    """Rounded as merchants do: half a cent is a cent."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def is_a_currency(field: str = "currency") -> Q:
    """Three capitals, as in ISO 4217: the condition of the tables that hold money."""
    return Q(**{f"{field}__regex": r"^[A-Z]{3}$"})


def tidy_currency(code: str) -> str:
    """The code in capitals; the organisation's own where nothing is said."""
    return (code or settings.CURRENCY).strip().upper()


def check_currency(code: str) -> str:
    tidy = tidy_currency(code)
    if len(tidy) != 3 or not tidy.isascii() or not tidy.isalpha():
        raise ValidationError({"currency": _("A currency is three letters, like USD or CNY.")})
    return tidy


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str

    @property
    def is_foreign(self) -> bool:
        """Of a sum: what could not be converted."""
        return self.currency != settings.CURRENCY


def totals(amounts: Iterable[Money]) -> list[Money]:
    """One sum for each currency, the organisation's first. To convert them first: `currency_rate.Rates`.

    None where the reader does not see amounts: a sum may be that of a single sale.
    """
    if "amount" in fields.hidden("opportunity"):
        return []
    sums: dict[str, Decimal] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    order = sorted(sums, key=lambda code: (code != settings.CURRENCY, code))
    return [Money(in_cents(sums[code]), code) for code in order]
