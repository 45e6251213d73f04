"""What functions and operators ask of their parts; `Refused` names the part that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from crm.custom_fields.formulas.reading import Refused
from crm.custom_fields.formulas.types import Part, Type
from crm.joining import listed


def want(type: Type, *parts: Part) -> None:
    for part in parts:
        if part.type != type:
            said = _("This is %(found)s; %(wanted)s is needed.")
            raise Refused(said % {"wanted": type.told, "found": part.type.told}, part.at)


def alike(parts: Sequence[Part]) -> Type:
    """All of one type, that of the first."""
    want(parts[0].type, *parts[1:])
    return parts[0].type


def currency_of(*parts: Part) -> str | None:
    """That of amounts that meet; a number beside an amount counts in its currency."""
    amounts = [part for part in parts if part.currency is not None]
    for part in amounts[1:]:
        if part.currency != amounts[0].currency:
            raise Refused(_("Amounts of two currencies cannot be put together."), part.at)
    return amounts[0].currency if amounts else None


def not_an_amount(part: Part) -> None:
    if part.currency is not None:
        raise Refused(_("An amount can be multiplied with a number and divided, no more."), part.at)


def fitting(*parts: Part) -> None:
    """A text beside a field to choose from is one of its choices."""
    codes = next((part.codes for part in parts if part.codes is not None), None)
    for part in parts:
        if codes is not None and isinstance(part.literal, str) and part.literal not in codes:
            said = _("“%(text)s” is none of: %(known)s.")
            raise Refused(said % {"text": part.literal, "known": listed(codes)}, part.at)
