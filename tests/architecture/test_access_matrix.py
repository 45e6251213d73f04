"""Every route × method × role × relation: who gets in, who is refused, and that a refusal writes nothing.

The routes come from the URL resolver, so that a new one cannot be forgotten: it fails until it is declared in
routes.py. What is expected of a record comes from `visible_to` and `permitted`, which have tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import auth
from django.core.cache import cache
from django.db import connection, transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.web import sessions
from tests.architecture.examples import MAKERS
from tests.architecture.routes import ADMINISTRATORS, ANYONE, PUBLIC, Route
from tests.architecture.routes import ROUTES as WRITTEN_DOWN
from tests.architecture.shared_routes import declared, of_lists
from tests.factories.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_refusals", "described_once")]
OF_LISTS = of_lists()  # one view serves all of them
ROUTES = WRITTEN_DOWN | declared()
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MISSING = 987_654_321
MAY_WRITE = re.compile(r"\b(insert|update|delete|merge|truncate|copy|call|do)\b", re.IGNORECASE)
# Signing in is noted, whatever the page then says.
BOOKKEEPING = ("django_session", "usersessions_usersession", "crm_cache")
# Pages of libraries that have a matrix of their own in test_sign_in.py and the admin's tests.
LIBRARIES = ("admin:", "mfa_", "account_", "usersessions_", "api:unknown")


def routes(patterns: Any = None, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, inner)
        else:
            yield f"{space}{pattern.name or pattern.pattern}", pattern


def of_ours() -> list[str]:
    return sorted({name for name, _ in routes() if not name.startswith(LIBRARIES)})


def test_every_route_is_declared_and_every_declaration_is_a_route():
    names = set(of_ours())
    assert sorted(names - set(ROUTES)) == [], "declare them in tests/architecture/routes.py"
    assert sorted(set(ROUTES) - names) == [], "no such route any more"


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def drawing(monkeypatch):
    """Whether pages are drawn. One person's page of the next record is the same template again, and so is the next
    person's but for what the canaries look at: half of the time."""
    drawing, draw = SimpleNamespace(is_on=True), Template.render
    monkeypatch.setattr(
        Template, "render", lambda page, *given, **named: draw(page, *given, **named) if drawing.is_on else ""
    )
    return drawing


@pytest.fixture(autouse=True)
def known_people(monkeypatch, world):
    """Who is calling is read once, not with every call: test_sign_in.py is about sessions and those who lost theirs."""
    _cast, people, _clients = world
    active = {str(person.pk): person for person in people.values() if person is not None and person.is_active}
    read = auth.get_user
    monkeypatch.setattr(
        auth, "get_user", lambda request: active.get(request.session.get("_auth_user_id")) or read(request)
    )
    monkeypatch.setattr(sessions, "is_noted", lambda request, now: True)


PEOPLE = ("rep", "agent", "manager", "service_manager", "analyst", "administrator", "nobody")
DRAWN_FOR = ("rep", "administrator", "anonymous")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The cast and the clients they are signed in with, made once: each test only adds records, which go with it."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = Cast()
        people = {who: getattr(cast, who) for who in PEOPLE}
        people |= {"anonymous": None, "deactivated": cast.person("Dora Deactivated", cast.north, "administrator")}
        assert cast.teammate.team == cast.north  # of_others needs them to be there already
        assert cast.outsider.team == cast.south
        yield cast, people, {who: client_of(person, who) for who, person in people.items()}
        transaction.set_rollback(True)


def client_of(person: Any, who: str) -> Client:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(person)
    if who == "deactivated":
        person.is_active = False
        person.save()
        person._access = None
    return client


def written() -> int:
    """Rows inserted, changed or deleted in this transaction, undone ones included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
            " WHERE NOT relname = ANY(%s)",
            [list(BOOKKEEPING)],
        )
        return int(cursor.fetchone()[0])


class Watched:
    """What a call writes. The database's own counters say it, and take as long as a small page to read: they are read
    when a statement comes that could write, and after the call."""

    def __init__(self) -> None:
        self.before: int | None = None

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.before is None and MAY_WRITE.search(sql):
            self.before = -1  # reading the counters is a statement too
            self.before = written()
        return execute(sql, params, many, context)

    def rows(self) -> int:
        return 0 if self.before is None else written() - self.before


def call(client: Client, method: str, url: str) -> Any:
    if method == "GET":
        return client.get(url)
    if url.startswith("/api/"):
        return client.generic(method, url, "{}", content_type="application/json")
    return getattr(client, method.lower())(url)


def expected(route: Route, method: str, person: Any, record: Any) -> str:  # noqa: C901
    """ "in", "login", "403" or "404" for this person; "405" for a method nobody declared."""
    need = route.methods.get(method)
    if need is None:
        return "405"
    if need == PUBLIC:
        return "404" if route.missing else "in"
    if person is None or not person.is_active:
        return "login"
    if need == ANYONE:
        return "404" if route.own else "in"
    access = access_of(person)
    if need == ADMINISTRATORS and not access.administers:
        return "403"
    if need == ADMINISTRATORS:
        seen = record is not None and type(record).objects.visible_to(person).filter(pk=record.pk).exists()
        return "in" if seen or not route.kwarg else "404"
    if not route.kwarg:
        allowed = all(access.may(kind, verb) for kind, verb in ((route.kind, need), *route.also))
        return "403" if not allowed else "404" if route.missing else "in"
    if record is None:
        return "404"
    rows = type(record).objects.all()
    if route.back:
        return "in" if rows.restorable_by(person).filter(pk=record.pk).exists() else "404"
    if rows.permitted(person, Verb(need)).filter(pk=record.pk).exists():
        if not all(access.may(kind, verb) for kind, verb in route.also):
            return "403"
        return "404" if route.missing else "in"
    return "403" if rows.visible_to(person).filter(pk=record.pk).exists() else "404"


def answered(response: Any) -> str:
    if file := getattr(response, "file_to_stream", None):
        file.close()
    if response.status_code == 302 and response.url.startswith("/accounts/login/"):
        return "login"
    if response.status_code == 401:
        return "login"
    if response.status_code in (403, 404, 405):
        return str(response.status_code)
    return "in" if response.status_code < 500 else f"crash {response.status_code}"


def of_others(cast: Any, route: Route) -> dict[str, Any]:
    """Records which no caller owns: a teammate's and another team's. Every call leaves them as they were."""
    if not route.kwarg:
        return {}
    make = MAKERS[route.kind]
    return {"team": make(cast.teammate, cast.north), "other": make(cast.outsider, cast.south)}


def relations(cast: Any, route: Route, who: str, person: Any, others: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The records a URL may name, seen from the person: own, a teammate's, another team's, in the bin, missing.

    What is in the bin or missing is so for everybody alike: asked by who reaches least, some and all.
    """
    if not route.kwarg:
        yield "kind", None
        return
    make = MAKERS[route.kind]
    team = person.team if person is not None else cast.north
    yield "own", make(person, team)
    if person is None or not person.is_active:  # nobody is asked whose it is before they have signed in
        yield "missing", None
        return
    yield from others.items()
    if who not in ("nobody", "rep", "administrator"):
        return
    binned = make(person, team)
    if hasattr(binned, "deleted_at"):
        type(binned)._base_manager.filter(pk=binned.pk).update(deleted_at="2026-05-13T12:00:00Z")
        binned.deleted_at = "2026-05-13T12:00:00Z"
        yield "deleted", binned
    yield "missing", None


def path_of(name: str, route: Route, record: Any) -> str:
    kwargs = dict(route.others)
    if route.kwarg:
        kwargs[route.kwarg] = record.pk if record is not None else MISSING
    return reverse(name, kwargs=kwargs or None)


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_who_gets_in_and_that_refusals_write_nothing(name, world, drawing):
    route, (cast, people, clients) = ROUTES[name], world
    wrong, others = [], of_others(cast, route)
    for who, person in people.items():
        client = clients[who]
        for relation, record in relations(cast, route, who, person, others):
            url = path_of(name, route, record)
            drawing.is_on = who in DRAWN_FOR and relation in ("kind", "own", "deleted")
            for method in methods_to_try(name, who, relation):
                wanted = expected(route, method, person, record)
                mark, watched = transaction.savepoint(), Watched()
                with connection.execute_wrapper(watched) if wanted != "in" else nullcontext():
                    got = answered(call(client, method, url))
                    changed = watched.rows()
                transaction.savepoint_rollback(mark)  # the next caller finds everything as it was
                if not agrees(wanted, got):
                    wrong.append(f"{method} {url} as {who} on {relation}: wanted {wanted}, got {got}")
                elif changed:
                    wrong.append(f"{method} {url} as {who} on {relation}: refused, yet {changed} rows were written")
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:40])


def methods_to_try(name: str, who: str, relation: str) -> Iterator[str]:
    """Declared methods for everybody; that the others do not exist need not be asked by everybody about everything."""
    strangers = () if name in OF_LISTS else ("administrator", "nobody", "anonymous")
    for method in METHODS:
        if method in ROUTES[name].methods or (relation in ("own", "kind") and who in strangers):
            yield method


def agrees(wanted: str, got: str) -> bool:
    # For a method that does not exist the refusal may come before the method is looked at.
    return got == wanted or (wanted == "405" and got in {"403", "404", "405", "login"})
