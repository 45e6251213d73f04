"""Python's own search for garbage, put off while work is done that makes much and throws little away in circles."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def seldom_collecting() -> Iterator[None]:
    """Each search goes through all there is, a tenth of a second once everything is loaded, again and again: six
    seconds of the first start, a sixth of an import."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
