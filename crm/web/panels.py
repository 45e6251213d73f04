"""Slots of pages that upper apps fill: the page loads each panel by htmx from its own URL, with its own permission."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from crm.access.grants import access_of
from crm.web.navigation import Permission

SLOTS = frozenset(
    {
        "customer.main",
        "customer.side",
        "contact.side",
        "campaign.main",
        "contract.side",
        "lead.side",
        "opportunity.side",
        "ticket.side",
        "person.side",
        "home.main",
        "home.side",
        "today.side",
    }
)


def trigger(events: Iterable[str]) -> str:
    """What loads a panel, and loads it again."""
    return ", ".join(filter(None, ["load", "retry", again(events)]))


def again(events: Iterable[str]) -> str:
    """Several of the events often come at once: one that waits is replaced by the next."""
    return ", ".join(f"{event} from:body delay:1ms" for event in events)


@dataclass(frozen=True)
class Panel:
    """`refresh_on` names browser events (sent by `HX-Trigger`) after which the panel loads again."""

    name: str
    url_name: str
    title: Any
    permission: Permission | None = None
    order: int = 100
    refresh_on: tuple[str, ...] = ()
    first: tuple[str, ...] = ()  # stands in the URL before what the page says
    when: Callable[[], bool] | None = None  # not there at all while it says no

    @property
    def trigger(self) -> str:
        return trigger(self.refresh_on)


_panels: dict[str, dict[str, Panel]] = {}


def register(
    slot: str,
    *,
    name: str,
    url_name: str,
    title: Any,
    permission: Permission | None = None,
    order: int = 100,
    refresh_on: tuple[str, ...] = (),
    first: tuple[str, ...] = (),
    when: Callable[[], bool] | None = None,
) -> None:
    """Show the fragment at `url_name` in `slot` to whoever has `permission`; its view checks again for itself."""
    if slot not in SLOTS:
        raise ValueError(f"There is no slot {slot!r}; known: {', '.join(sorted(SLOTS))}.")
    _panels.setdefault(slot, {})[name] = Panel(name, url_name, title, permission, order, tuple(refresh_on), first, when)


def for_slot(slot: str, user: Any) -> list[Panel]:
    """The panels of a slot this person may see, in order."""
    if slot not in SLOTS:
        raise ValueError(f"There is no slot {slot!r}; known: {', '.join(sorted(SLOTS))}.")
    allowed = (
        panel
        for panel in _panels.get(slot, {}).values()
        if (panel.permission is None or access_of(user).may(*panel.permission)) and (panel.when is None or panel.when())
    )
    return sorted(allowed, key=lambda panel: (panel.order, panel.name))


def registered() -> dict[str, list[Panel]]:
    """Every panel of every slot."""
    return {slot: list(panels.values()) for slot, panels in _panels.items()}
