"""Pages asked for through the web as a browser would, and how large they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from crm.access.permissions import Reach, Verb
from crm.models import User

EVERYTHING = "deleted_at IS NULL"
LISTED, WRITTEN, PAGE = 100, 100, 150  # budgets in milliseconds
QUERIES, KILOBYTES = 15, 60  # of a list


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ids(pattern: re.Pattern[str], response: Any) -> list[int]:
    """The records of a page in its order, read off what a browser would get."""
    assert response.status_code == 200, response.status_code
    return list(dict.fromkeys(int(found) for found in pattern.findall(response.content.decode())))


def size_of(client: Client, address: str) -> Callable[[], tuple[int, int]]:
    """Of a page in bytes: as it is sent to browsers, all of which take it compressed, and as they read it."""

    def size() -> tuple[int, int]:
        sent = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert sent.headers["Content-Encoding"] == "gzip"
        return len(sent.content), len(client.get(address).content)

    return size


def seen_by(user: User, kind: str = "customer") -> str:
    """Whose rows count, written by hand: the roles here reach everything, or what is own and the team's, by the record
    or by its customer. In this organisation a customer's records are with its owner, but for activities: whoever was
    timed logged some with customers of others."""
    if Reach.ALL in (user.access.reach(kind, Verb.VIEW), user.access.reach("customer", Verb.VIEW)):
        return EVERYTHING
    places = ("", "customer_") if kind == "activity" else ("",)
    mine = " OR ".join(f"{place}owner_id = {user.pk} OR {place}team_id = {user.team_id}" for place in places)
    return f"{EVERYTHING} AND ({mine})"


def edited_by(user: User, kind: str) -> str:
    reach = user.access.reach(kind, Verb.EDIT)
    others = {Reach.ALL: "true", Reach.TEAM: f"team_id = {user.team_id}"}.get(reach, "false")
    return f"{EVERYTHING} AND (owner_id = {user.pk} OR {others})"
