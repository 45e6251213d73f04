"""A number that is a product of others: what it comes to, what each of them could do for it, and why it changed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations
from math import fsum, prod

Number = int | float | Decimal


def product(values: Sequence[Number | None], divides: Sequence[bool]) -> float | None:
    """The values multiplied; those that divide are divided by. None where one is missing or would divide as 0.

    Opportunities x win rate x average value / days of the cycle is money per day: 40 x 0.25 x 25 000 / 90 = 2 777.78.
    """
    known = [float(value) for value in values if value is not None]
    if len(known) < len(values) or any(by and not value for value, by in zip(known, divides, strict=True)):
        return None
    return prod(1 / value if by else value for value, by in zip(known, divides, strict=True))


def sensitivity(change: float, divides: bool) -> float:
    """The relative change of the product when one value alone changes by `change`, both fractions.

    +10 % of what multiplies is +10 %; -10 % of what divides is 1 / 0.9 - 1, +11.1 %, not +10 %. ValueError for a
    change by which nothing would be left to divide by.
    """
    if change <= -1 and divides:
        raise ValueError("Nothing is divided by nothing.")
    return 1 / (1 + change) - 1 if divides else change


def shares_of_change(before: Sequence[float], after: Sequence[float], divides: Sequence[bool]) -> list[float]:
    """What each value did to the change of the product: the mean over every order in which they could have changed
    one after the other (Shapley 1953), so that they add up to the change exactly and no order is preferred."""
    count, effects = len(before), [[0.0] for _ in before]
    orders = list(permutations(range(count)))
    for order in orders:
        values = list(before)
        reached = product(values, divides) or 0.0
        for changing in order:
            values[changing] = after[changing]
            then = product(values, divides) or 0.0
            effects[changing].append(then - reached)
            reached = then
    return [fsum(one) / len(orders) for one in effects]
