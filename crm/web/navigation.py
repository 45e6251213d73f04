"""What the sidebar and the "new" menu offer. Apps register theirs in `AppConfig.ready`; the kernel names none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _

from crm.access import addresses
from crm.access.grants import access_of

Permission = tuple[str, str]  # kind and verb, as in ("customer", "view")

# The order of the sidebar. A section without an item the person may open is not shown.
SECTIONS: dict[str, Any] = {
    "start": "",
    "customers": _("Customers"),
    "sales": _("Sales"),
    "service": _("Service"),
    "surveys": _("Surveys"),
    "evaluation": _("Evaluation"),
    "organisation": _("Organisation"),
}


@dataclass(frozen=True)
class Item:
    """One entry; `key` is what is pressed after `g` (to go) or `c` (to create)."""

    label: Any
    url_name: str
    icon: str
    order: int = 100
    permission: Permission | None = None
    key: str | None = None
    dialog: bool = False

    @property
    def url(self) -> str:
        return addresses.of_page(self.url_name)

    @property
    def leads_somewhere(self) -> bool:
        """False is a mistake that a test reports; on the page the entry is left out rather than all pages broken."""
        try:
            return bool(self.url)
        except NoReverseMatch:
            return False

    def open_to(self, user: Any) -> bool:
        return (self.permission is None or access_of(user).may(*self.permission)) and self.leads_somewhere


@dataclass
class Section:
    code: str
    label: Any
    items: list[Item] = field(default_factory=list)


_items: dict[str, dict[str, Item]] = {code: {} for code in SECTIONS}
_creations: dict[str, Item] = {}


def register(
    *,
    section: str,
    label: Any,
    url_name: str,
    icon: str,
    order: int = 100,
    permission: Permission | None = None,
    key: str | None = None,
) -> None:
    """Put a page into the sidebar; `key` is the letter after `g` that leads there."""
    if section not in SECTIONS:
        raise ValueError(f"There is no section {section!r}; known: {', '.join(SECTIONS)}.")
    _refuse_taken_key(key, url_name, [item for items in _items.values() for item in items.values()])
    _items[section][url_name] = Item(label, url_name, icon, order, permission, key)


def register_create(
    label: Any,
    url_name: str,
    icon: str,
    permission: Permission | None = None,
    key: str | None = None,
    *,
    order: int = 100,
    dialog: bool = True,
) -> None:
    """Put a form into the "new" menu, opened in the dialog; `key` is the letter after `c`. Key "l" also works alone."""
    _refuse_taken_key(key, url_name, list(_creations.values()))
    _creations[url_name] = Item(label, url_name, icon, order, permission, key, dialog)


def _refuse_taken_key(key: str | None, url_name: str, items: list[Item]) -> None:
    for item in items:
        if key is not None and item.key == key and item.url_name != url_name:
            raise ValueError(f"The key {key!r} already leads to {item.url_name!r}.")


def for_user(user: Any) -> list[Section]:
    """The sidebar as this person sees it."""
    sections = [
        Section(code, label, sorted(filter(lambda item: item.open_to(user), _items[code].values()), key=_position))
        for code, label in SECTIONS.items()
    ]
    return [section for section in sections if section.items]


def creations_for(user: Any) -> list[Item]:
    """The "new" menu as this person sees it."""
    return sorted((item for item in _creations.values() if item.open_to(user)), key=_position)


def current(sections: list[Section], path: str) -> str | None:
    """The URL name of the entry the page at `path` belongs to: the longest address that `path` starts with."""
    best: tuple[int, str] | None = None
    for section in sections:
        for item in section.items:
            url = item.url
            fits = path == url or (url != "/" and path.startswith(url))
            if fits and (best is None or len(url) > best[0]):
                best = (len(url), item.url_name)
    return best[1] if best else None


def registered() -> list[Item]:
    """Everything anybody put into the sidebar or the "new" menu."""
    return [item for items in _items.values() for item in items.values()] + list(_creations.values())


def _position(item: Item) -> tuple[int, str]:
    return item.order, item.url_name
