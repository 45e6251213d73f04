"""The address of a record by its number. A page names hundreds; the resolver takes as long for each as a table row."""

from __future__ import annotations

from functools import lru_cache

from django.urls import get_script_prefix, get_urlconf, reverse

PLACE = 7_031_988_046  # a number that stands in no address for another reason


def of_record(url_name: str, number: int) -> str:
    """`reverse(url_name, args=[number])` for a route whose one argument is a record's key."""
    before, after = _around(url_name, get_urlconf(), get_script_prefix())
    return f"{before}{int(number)}{after}"


@lru_cache(1000)
def _around(url_name: str, urlconf: str | None, prefix: str) -> tuple[str, str]:
    before, _place, after = reverse(url_name, args=[PLACE]).partition(str(PLACE))
    return before, after
