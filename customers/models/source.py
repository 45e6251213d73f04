"""Where a customer came from. Once known it is kept for ever: what each channel brings is measured by it.

The database refuses a change too (migrations, customers_keep_source). Only taking something back, or joining two
records of one customer, puts another value there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

FIELDS = ("channel", "campaign", "first_contact_on")
_is_correcting: ContextVar[bool] = ContextVar("is_correcting", default=False)


def refuse_another(known: Mapping[str, Any], wanted: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> None:
    """Raise for each of the fields that is known and would become something else.

    What an editor left as it was before them (`base`) is no wish.
    """
    if _is_correcting.get():
        return
    wrong = [
        name
        for name in FIELDS
        if name in wanted
        and known[name] not in (None, "", wanted[name])
        and not (base and name in base and wanted[name] == base[name])
    ]
    if wrong:
        sentence = _("Where a customer came from stays as it was first written down.")
        raise ValidationError(dict.fromkeys(wrong, sentence))


@contextmanager
def correcting() -> Iterator[None]:
    """Inside, and in this transaction, a source may be put back or chosen of two."""
    token = _is_correcting.set(True)
    _tell("on")
    try:
        yield
    finally:
        _is_correcting.reset(token)
    _tell("")


def _tell(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('yardstick.correct_source', %s, true)", [value])
