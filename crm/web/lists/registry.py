"""Every list that has an address. Tests walk it: query counts, access, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.web.lists.base import List

_lists: dict[str, type[List]] = {}


def add(url_name: str, list_class: type[List]) -> None:
    known = _lists.get(url_name)
    if known is not None and known is not list_class:
        raise ValueError(f"The list {url_name!r} is {known.__name__} already.")
    _lists[url_name] = list_class


def all_lists() -> dict[str, type[List]]:
    """By URL name."""
    return dict(_lists)
