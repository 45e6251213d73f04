"""Rows that may be the same customer, person or lead as an earlier row, or as a record there is, by what the scan for
duplicates compares.

Told, not decided: they come in, as those who look alike do by hand. Of records that whoever imports may not see
nothing is told: a file would ask for a hundred thousand of them, where the form allows sixty a minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from crm.exchange.drafts import Run
from crm.exchange.met import Met
from crm.joining import listed
from customers.models import Contact, Customer, alike, matching
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


def known_customers(new: Mapping[int, dict[str, Any]], run: Run) -> dict[int, str]:
    """Which customer that the person sees each row looks like, where it does; by the row's number."""
    keys = {row: alike.customer_keys(values) for row, values in new.items()}
    found = matching.of_rows(Customer.kind, keys, (Sign.NUMBER, Sign.EMAIL))
    names = _names(Customer, found, run)
    seen = {row: [each for each in likes if each.pk in names] for row, likes in found.items()}
    return {row: _said(likes[0], names) for row, likes in seen.items() if likes}


def known_contacts(new: Mapping[int, dict[str, Any]], run: Run) -> dict[int, str]:
    """The same of people: who has the mail, or the phone and the name."""
    keys = {row: alike.contact_keys(values) for row, values in new.items()}
    found = matching.of_rows(Contact.kind, keys, (Sign.EMAIL, Sign.PHONE))
    names = _names(Contact, found, run)
    told = {}
    for row, likes in found.items():
        name = bare_name(new[row]["name"])
        for each in likes:
            if each.pk in names and (Sign.EMAIL in each.signs or bare_name(names[each.pk]) == name):
                told[row] = _said(each, names)
                break
    return told


def _names(model: Any, found: Mapping[int, list[matching.Alike]], run: Run) -> dict[int, str]:
    """Of those that were there before this import and that the person may see."""
    pks = {each.pk for likes in found.values() for each in likes}
    rows = model.objects.visible_to(run.user).filter(pk__in=pks, created_at__lt=run.at) if pks else model.objects.none()
    return dict(rows.order_by().values_list("pk", "name"))


def _said(each: matching.Alike, names: Mapping[int, str]) -> str:
    return _("Looks like “%(name)s”: %(signs)s.") % {"name": names[each.pk], "signs": listed(each.reasons)}


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
