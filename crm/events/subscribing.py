"""Who reacts to what. Upper apps list their reactions in `subscriptions.py`, imported in `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from crm.models.event import Event

Handler = Callable[[Event], None]


@dataclass(frozen=True)
class Subscriber:
    name: str
    types: frozenset[str]
    handler: Handler


_subscribers: dict[str, Subscriber] = {}


def subscribe(types: str | Iterable[str], *, name: str) -> Callable[[Handler], Handler]:
    """Decorator: call the function once for every event of these types.

    It runs in the transaction that marks the delivery done, so its own writes happen exactly once. What leaves
    the database (mail, HTTP) must be safe to repeat. `name` is stored with deliveries: never rename it.
    """
    wanted = frozenset([types] if isinstance(types, str) else types)

    def register(handler: Handler) -> Handler:
        known = _subscribers.get(name)
        if known is not None and known.handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"There is a subscriber called {name!r} already.")
        _subscribers[name] = Subscriber(name, wanted, handler)
        return handler

    return register


def unsubscribe(name: str) -> None:
    _subscribers.pop(name, None)


def subscribers_of(event_type: str) -> list[Subscriber]:
    return [subscriber for subscriber in _subscribers.values() if event_type in subscriber.types]


def get(name: str) -> Subscriber | None:
    return _subscribers.get(name)
