"""Addresses that every page names by the hundred, kept: the resolver takes as long for each as a row of a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse

PLACE = 7_031_988_046  # a number that stands in no address for another reason


def of_record(url_name: str, number: int) -> str:
    """`reverse(url_name, args=[number])` for a route whose one argument is a record's key."""
    return of_records(url_name)(number)


def of_records(url_name: str, *first: str) -> Callable[[int], str]:
    """The same for many records, where even to ask for whom the page is made would show. `first`: what the route
    takes before the key."""
    before, after = _around(url_name, first, *_where())
    return lambda number: f"{before}{int(number)}{after}"


def of_page(url_name: str) -> str:
    """`reverse(url_name)` for a route without arguments."""
    return _page(url_name, *_where())


def _where() -> tuple[str, str]:
    return get_urlconf() or settings.ROOT_URLCONF, get_script_prefix()


@lru_cache(1000)
def _page(url_name: str, urlconf: str, prefix: str) -> str:
    return reverse(url_name)


@lru_cache(1000)
def _around(url_name: str, first: tuple[str, ...], urlconf: str, prefix: str) -> tuple[str, str]:
    before, _place, after = reverse(url_name, args=[*first, PLACE]).partition(str(PLACE))
    return before, after
