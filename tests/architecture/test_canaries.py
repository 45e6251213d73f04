"""No page, fragment, list, export, search result or answer of the API shows a word of a record its reader may not see.

Every text of every record is a word of its own; a reader calls every address there is, with every record there is,
and each word that comes back is looked up. What a record may say of the customer it is about is decision 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from crm.access import kinds
from crm.access.permissions import Reach, Verb
from crm.models import Role
from crm.web import sessions
from tests.architecture.canaries import CLOSED, World, allowed_to, found_in, in_the_bin_of
from tests.architecture.routes import ROUTES as WRITTEN_DOWN
from tests.architecture.routes import Route
from tests.architecture.shared_routes import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_refusals", "described_once")]
ROUTES = WRITTEN_DOWN | declared()
READERS = ("rep", "agent", "narrow", "nobody")


@pytest.fixture
def world(cast):
    cache.clear()
    return World(cast)


def reader(cast: Any, who: str) -> Any:
    """`narrow` answers tickets and does tasks, and sees no customers but their own."""
    if who != "narrow":
        return getattr(cast, who)
    role = Role.objects.create(code="narrow", name="Narrow")
    for kind in ("ticket", "task"):
        for verb in (Verb.VIEW, Verb.EDIT, Verb.EXPORT):
            role.grants.create(kind=kind, verb=verb, reach=Reach.TEAM)
    for kind in ("customer", "contact", "opportunity", "activity"):
        for verb in (Verb.VIEW, Verb.CREATE, Verb.EXPORT):
            role.grants.create(kind=kind, verb=verb, reach=Reach.OWN)
    person = cast.person("Nora Narrow", cast.north)
    person.roles.add(role)
    return person


def addresses(user: Any, world: World) -> Iterator[tuple[str, Route, str]]:
    """Every address with every record in it that the reader sees, and with one of those that they do not."""
    asked = {kind: records_for(user, rows) for kind, rows in world.rows.items()}
    for name, route in sorted(ROUTES.items()):
        if "GET" not in route.methods:
            continue
        for record in asked[route.kind] if route.kwarg else [None]:
            kwargs = dict(route.others)
            if route.kwarg:
                kwargs[route.kwarg] = record.pk
            yield name, route, reverse(name, kwargs=kwargs or None)


def records_for(user: Any, rows: list[Any]) -> list[Any]:
    """The first, the last three (those that lie between two people), and one that is hidden."""
    visible = set(type(rows[0]).objects.visible_to(user).values_list("pk", flat=True))
    seen = [row for row in rows if row.pk in visible]
    return seen[:1] + seen[1:][-3:] + [row for row in reversed(rows) if row.pk not in visible][:1]


def questions(name: str, url: str, world: World) -> Iterator[str]:
    """The address as it is, and with what people write behind it."""
    from crm.web.lists import registry

    yield url
    lists = registry.all_lists()
    if name in lists or name.removesuffix("-export") in lists:
        columns = ",".join(column.code for column in lists[name.removesuffix("-export")].columns)
        view = "tab=all&" if name.startswith("ticket") else ""
        yield f"{url}?{view}columns={columns}&filters=open"
        yield f"{url}?{view}q=canary"
    elif name == "bin":
        yield from (f"{url}?kind={kind}" for kind in world.rows)
    elif name in ("search", "search-palette", "customer-options"):
        yield f"{url}?q=canary"
        yield f"{url}?q=4930777"
    elif name.startswith("api:") and name.endswith("-list"):
        yield f"{url}?search=canary&q=canary"
    elif name.endswith("-new") or name in ("activity-people", "opportunity-board"):
        yield f"{url}?{given(world)}"
    if name in ("email-new", "email-text"):
        yield f"{url}?about_kind=lead&about_id={world.rows['lead'][0].pk}"


def given(world: World) -> str:
    """Everything of somebody else that a form could be told to start from."""
    kinds_given = ("customer", "contact", "opportunity", "order", "activity", "task", "review")
    said = "&".join(f"{kind}={world.theirs(kind).pk}" for kind in kinds_given)
    about = f"about_kind=ticket&about_id={world.theirs('ticket').pk}"
    return f"{said}&{about}&scope=customer:{world.theirs('customer').pk}"


def words_in(response: Any, world: World) -> set[str]:
    """The canaries of an answer; what is streamed can be read once. A token may look like one and be none."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode("utf-8", "replace") + " ".join(f"{key} {value}" for key, value in response.headers.items())
    return world.texts.keys() & set(found_in(text))


def foreign_links(response: Any, world: World, hidden: dict[str, set[str]]) -> set[str]:
    """Links to records the reader cannot open."""
    if response.streaming or "html" not in response.headers.get("Content-Type", "") or response.status_code >= 300:
        return set()
    content = response.content.decode()
    return {url for urls in hidden.values() for url in urls if f'href="{url}"' in content}


def hidden_addresses(user: Any, world: World) -> dict[str, set[str]]:
    hidden = {}
    for kind, rows in world.rows.items():
        if kinds.get(kind).detail_url is None:
            continue
        seen = set(type(rows[0]).objects.visible_to(user).values_list("pk", flat=True))
        hidden[kind] = {kinds.get(kind).url_for(row.pk) for row in rows if row.pk not in seen}
    return hidden


@pytest.fixture(autouse=True)
def without_the_session(monkeypatch):
    """That a session was used is noted by each call: test_sign_in.py is about that."""
    monkeypatch.setattr(sessions, "is_noted", lambda request, now: True)


@pytest.mark.parametrize("who", READERS)
def test_nobody_reads_a_word_of_what_they_may_not_see(who, cast, world):
    user = reader(cast, who)
    client = Client()
    client.force_login(user)
    allowed, hidden, binned = allowed_to(user, world), hidden_addresses(user, world), in_the_bin_of(user, world)
    assert len(allowed) < len(world.texts), "there is something to hide from everybody here"
    wrong, shown, calls = [], set(), 0
    for name, _route, address in addresses(user, world):
        for url in questions(name, address, world):
            mark = transaction.savepoint()
            response = client.get(url)
            transaction.savepoint_rollback(mark)
            words = words_in(response, world) - (binned if name == "bin" else set())
            calls, shown = calls + 1, shown | words
            wrong += [f"{url} shows {world.texts[word]}" for word in sorted(words - allowed)]
            wrong += [f"{url} links to {link}" for link in sorted(foreign_links(response, world, hidden) - {address})]
    assert calls > 300, "everything was asked"
    assert who == "nobody" or len(shown) > 20, "and what they may see was there"
    if who == "agent":
        told = {text.field for text in map(world.texts.get, shown) if text and text.kind == "customer"}
        assert told >= set(CLOSED["customer"]), "what is closed to the rep is there for those to whom it is open"
    assert not wrong, f"{len(wrong)} leaks in {calls} answers:\n" + "\n".join(wrong[:60])


def test_refusals_of_what_was_sent_name_nothing_either(cast, world):
    """Forms and bodies that name records of somebody else."""
    client = Client()
    client.force_login(cast.rep)
    allowed, wrong = allowed_to(cast.rep, world), []
    sent = dict(parse_qsl(given(world)))
    for name, route in sorted(ROUTES.items()):
        if "POST" not in route.methods or route.kwarg or name in ("set-language", "survey-answer"):
            continue
        url = reverse(name, kwargs=dict(route.others) or None)
        mark = transaction.savepoint()
        as_json = {"content_type": "application/json"} if url.startswith("/api/") else {}
        response = client.post(url, sent, **as_json)
        transaction.savepoint_rollback(mark)
        wrong += [f"{url} shows {world.texts[word]}" for word in sorted(words_in(response, world) - allowed)]
    assert wrong == []
