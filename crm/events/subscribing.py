"""Who reacts to what. Upper apps list their reactions in `subscriptions.py`, imported in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from crm.models.event import Event

Handler = Callable[[Event], None]


@dataclass(frozen=True)
class Subscriber:
    name: str
    types: frozenset[str]
    handler: Handler
    changing: frozenset[str] = frozenset()


_subscribers: dict[str, Subscriber] = {}


def subscribe(types: str | Iterable[str], *, name: str, changing: Iterable[str] = ()) -> Callable[[Handler], Handler]:
    """Decorator: call the function once for every event of these types.

    It runs in the transaction that marks the delivery done, so its own writes happen exactly once. What leaves
    the database (mail, HTTP) must be safe to repeat. `name` is stored with deliveries: never rename it.
    With `changing` only events that changed one of these fields are delivered.
    """
    wanted = frozenset([types] if isinstance(types, str) else types)

    def register(handler: Handler) -> Handler:
        known = _subscribers.get(name)
        if known is not None and known.handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"There is a subscriber called {name!r} already.")
        _subscribers[name] = Subscriber(name, wanted, handler, frozenset(changing))
        return handler

    return register


def unsubscribe(name: str) -> None:
    _subscribers.pop(name, None)


def types() -> set[str]:
    """Everything that somebody listens to."""
    return {one for subscriber in _subscribers.values() for one in subscriber.types}


def subscribers_of(event_type: str, data: dict[str, Any]) -> list[Subscriber]:
    return [
        subscriber
        for subscriber in _subscribers.values()
        if event_type in subscriber.types and (not subscriber.changing or subscriber.changing & data.keys())
    ]


def get(name: str) -> Subscriber | None:
    return _subscribers.get(name)
