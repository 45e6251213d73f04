"""The keys of what stands in a form, checked or half typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from customers.models import Customer, tidy
from customers.models.match_key import Key, Sign, of_values


def keys_of_customer(typed: Mapping[str, Any]) -> set[Key]:
    """People of the same name are many: of a person the rest has to agree."""
    name = "" if typed.get("form") == Customer.Form.PERSON else _text(typed, "name")
    return of_values(
        name=name,
        number=_text(typed, "number"),
        email=tidy.email(_text(typed, "email")),
        phone=tidy.phone(_text(typed, "phone")),
        domains=[_domain(_text(typed, "website"))],
    )


def keys_of_contact(typed: Mapping[str, Any]) -> set[Key]:
    keys = of_values(email=tidy.email(_text(typed, "email")), phone=tidy.phone(_text(typed, "phone")))
    return {key for key in keys if key[0] != Sign.DOMAIN}


def _text(typed: Mapping[str, Any], name: str) -> str:
    return str(typed.get(name) or "")[:300]


def _domain(website: str) -> str:
    try:
        host = urlsplit(website if "//" in website else f"https://{website.strip()}").hostname
    except ValueError:
        return ""
    return (host or "").removeprefix("www.")
