"""Who a new record may be already: those that the person may see, and of the others only which team has one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from customers.models import matching, tidy
from customers.models.contact import Contact
from customers.models.customer import Customer
from customers.models.match_key import Key, Sign, Strength, of_values
from customers.models.matching import Alike

SHOWN = 6


@dataclass(frozen=True)
class Seen:
    record: Any
    reasons: list[Any]
    is_certain: bool


@dataclass(frozen=True)
class Hidden:
    """Nothing but which team has one."""

    team_id: int
    team: str


@dataclass(frozen=True)
class Found:
    kind: str
    seen: list[Seen]
    hidden: list[Hidden]
    all: list[Alike]

    def of_team(self, team_id: int) -> list[Alike]:
        """Of those that the person may not see, the most alike of the team."""
        return self._of_team.get(team_id, [])[:1]

    _of_team: Mapping[int, list[Alike]]


def customers_like(user: Any, typed: Mapping[str, Any]) -> Found:
    return _shown(user, Customer, matching.customers(keys_of_customer(typed)))


def contacts_like(user: Any, typed: Mapping[str, Any]) -> Found:
    return _shown(user, Contact, matching.contacts(keys_of_contact(typed)))


def keys_of_customer(typed: Mapping[str, Any]) -> set[Key]:
    return customer_keys(_tidied(typed))


def keys_of_contact(typed: Mapping[str, Any]) -> set[Key]:
    return contact_keys(_tidied(typed))


def customer_keys(values: Mapping[str, Any]) -> set[Key]:
    """Of values that are tidy. People of the same name are many: of a person the rest has to agree."""
    return of_values(
        name="" if values.get("form") == Customer.Form.PERSON else values.get("name") or "",
        number=values.get("number") or "",
        email=values.get("email") or "",
        phone=values.get("phone") or "",
        domains=[_domain(values.get("website") or "")],
    )


def contact_keys(values: Mapping[str, Any]) -> set[Key]:
    """The same of a person, who is not told by the domain of where they work."""
    keys = of_values(email=values.get("email") or "", phone=values.get("phone") or "")
    return {key for key in keys if key[0] != Sign.DOMAIN}


def _tidied(typed: Mapping[str, Any]) -> dict[str, str]:
    said = {name: _text(typed, name) for name in ("form", "name", "number", "website")}
    return {**said, "email": tidy.email(_text(typed, "email")), "phone": tidy.phone(_text(typed, "phone"))}


def _text(typed: Mapping[str, Any], name: str) -> str:
    return str(typed.get(name) or "")[:300]


def _domain(website: str) -> str:
    try:
        host = urlsplit(website if "//" in website else f"https://{website.strip()}").hostname
    except ValueError:
        return ""
    return (host or "").removeprefix("www.")


def _shown(user: Any, model: Any, found: list[Alike]) -> Found:
    pks = [alike.pk for alike in found]
    visible = model.objects.visible_to(user).select_related("owner", "team").in_bulk(pks) if pks else {}
    hidden = [alike for alike in found if alike.pk not in visible]
    teams = _teams(model, hidden)
    of_team: dict[int, list[Alike]] = {}
    for alike in hidden:
        of_team.setdefault(teams[alike.pk][0], []).append(alike)
    named = dict(teams[alike.pk] for alike in hidden)
    seen = [
        Seen(visible[alike.pk], alike.reasons, alike.strength == Strength.CERTAIN)
        for alike in found
        if alike.pk in visible
    ]
    return Found(model.kind, seen[:SHOWN], [Hidden(*pair) for pair in named.items()], found, of_team)


def _teams(model: Any, hidden: Iterable[Alike]) -> dict[int, tuple[int, str]]:
    """Of each record its team, by number and name; 0 where it belongs to none."""
    pks = [alike.pk for alike in hidden]
    rows = model._base_manager.filter(pk__in=pks)
    return {pk: (team or 0, name or "") for pk, team, name in rows.values_list("pk", "team_id", "team__name")}
