"""Rows of one file that may be the same customer, person or lead, by what the scan for duplicates compares.

Told, not decided: both come in, as two who look alike do by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from crm.exchange.drafts import Run
from crm.exchange.met import Met
from crm.joining import listed
from customers.models.match_key import Sign, bare_name, bare_number, own_domain, reasons

Signs = tuple[int, ...]
NUMBER, EMAIL = (Sign.NUMBER.value,), (Sign.EMAIL.value,)
PHONE, DOMAIN = (Sign.PHONE.value, Sign.NAME.value), (Sign.DOMAIN.value, Sign.NAME.value)


def compared(number: int, values: dict[str, Any], run: Run) -> str:
    """Notes the row, and says which earlier one it looks like: by one sign that is certain, or two that are likely."""
    met: Met = run.caches.get("alike") or run.caches.setdefault("alike", Met())
    found: tuple[int, Signs] | None = None
    for signs, text in _signs(values):
        first = met.first((signs, text), number)
        if first != number and found is None:
            found = first, signs
    if found is None:
        return ""
    said = {"row": found[0], "signs": listed(reasons(found[1]))}
    return _("Looks like row %(row)s: %(signs)s.") % said


def _signs(values: dict[str, Any]) -> Iterator[tuple[Signs, str]]:
    if bare := bare_number(values.get("number") or ""):
        yield NUMBER, bare
    email, phone = values.get("email") or "", values.get("phone") or ""
    if email:
        yield EMAIL, email
    domain = own_domain(email)
    if name := bare_name(values["name"]) if phone or domain else "":
        if phone:
            yield PHONE, f"{phone} {name}"
        if domain:
            yield DOMAIN, f"{domain} {name}"
