"""How much of the whole a number is made of, where for a part of it something is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from crm.web import formats

FLAG = "coverage="


def flags(covered: Any, whole: Any) -> list[str]:
    """ "coverage=83.3%"; nothing where all of it is covered, or there is nothing to cover."""
    if not whole or whole <= 0 or covered == whole:
        return []
    return [f"{FLAG}{Decimal(covered or 0) / Decimal(whole) * 100:.1f}%"]


def is_one(flag: str) -> bool:
    return flag.startswith(FLAG)


def said(flag: str) -> str:
    share = Decimal(flag.removeprefix(FLAG).rstrip("%")) / 100
    return _("It covers %(share)s of the whole: of the rest something is missing.") % {"share": formats.percent(share)}
