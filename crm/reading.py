"""What is read at most once inside a request or a batch of work: definitions that every row asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_kept: ContextVar[dict[str, Any] | None] = ContextVar("read_once", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, each definition is read at most once: never older than the request or the batch that asks."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def kept(name: str, read: Callable[[], T]) -> T:
    """What `read` finds; outside of `read_once` it is asked each time."""
    held = _kept.get()
    if held is None:
        return read()
    if name not in held:
        held[name] = read()
    found: T = held[name]
    return found


def forget(name: str) -> None:
    """After a change of it, within the request that made it."""
    held = _kept.get()
    if held is not None:
        held.pop(name, None)
