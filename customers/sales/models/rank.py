"""Places in a column, as texts that sort: between any two there is always room for a third.

A rank is digits of base 36, compared as text in C order. The first `HEAD` digits count, so that a card put on
top or at the bottom never makes ranks longer; only squeezing between the same two cards again and again does,
by one digit for about five cards. A column whose ranks grow beyond `LIMIT` is spread out again.
"""

from __future__ import annotations

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
HEAD = 8
LIMIT = 40
MIDDLE = BASE**HEAD // 2


class NoRoom(Exception):
    """The two neighbours stand at the same place: the column has to be spread out first."""


def between(lower: str, upper: str) -> str:
    """A rank above `lower` and below `upper`; an empty one means the end of the column."""
    if lower and upper:
        if lower >= upper:
            raise NoRoom(f"{lower!r} is not below {upper!r}")
        return _middle(lower, upper)
    if upper:
        return _count(_head(upper) - 1) if _head(upper) > 1 else _middle("", upper)
    if lower:
        return _count(_head(lower) + 1) if _head(lower) + 1 < BASE**HEAD else _middle(lower, "")
    return _count(MIDDLE)


def _head(rank: str) -> int:
    return int(rank[:HEAD].ljust(HEAD, "0"), BASE)


def _count(number: int) -> str:
    digits = []
    for _ in range(HEAD):
        number, digit = divmod(number, BASE)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))


def _middle(lower: str, upper: str) -> str:
    """The shortest text strictly between, never shorter than a head; `upper` empty means no upper bound."""
    result = ""
    bounded = bool(upper)
    for place in range(max(len(lower), len(upper)) + 1):
        low = DIGITS.index(lower[place]) if place < len(lower) else 0
        high = (DIGITS.index(upper[place]) if place < len(upper) else 0) if bounded else BASE
        if high - low > 1:
            return (result + DIGITS[(low + high) // 2]).ljust(HEAD, "0")
        result += DIGITS[low]
        if low != high:
            bounded = False  # already below `upper`: only `lower` counts from here on
    raise NoRoom(f"nothing lies between {lower!r} and {upper!r}")
