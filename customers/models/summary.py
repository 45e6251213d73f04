"""What stands on a customer's one page. Apps above register their part in `AppConfig.ready`, as with panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers.models.customer import Customer

# (user, customer, now) -> lines, each of cells; only what the user may see, and no more than a page has room for.
Lines = Callable[[Any, Customer, datetime], list[list[str]]]
ROOM = 5  # lines of one part


@dataclass(frozen=True)
class Section:
    name: str
    title: Any
    lines: Lines
    order: int


_sections: dict[str, Section] = {}


def register(name: str, *, title: Any, lines: Lines, order: int) -> None:
    _sections[name] = Section(name, title, lines, order)


def sections() -> list[Section]:
    return sorted(_sections.values(), key=lambda each: each.order)
