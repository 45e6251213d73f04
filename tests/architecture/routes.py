"""What every route asks of whoever calls it. A route that is not declared here fails the run.

A declaration says which record the URL names (`kind`, in its `kwarg`), and which permission each method needs:

    "customer-edit": on("customer", GET=EDIT, POST=EDIT)      a record: invisible 404, visible but forbidden 403
    "customer-new": of("customer", GET=CREATE, POST=CREATE)   a kind: 403 unless a role grants it at all
    "home": anyone("GET")                                     everybody who is signed in
    "account_login": public("GET", "POST")                    everybody
    "admin": administrators()                                 nobody but administrators

A method that is not named must be refused with 405 (or not be found); OPTIONS and HEAD follow GET.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crm.access.permissions import Verb

VIEW, CREATE, EDIT, DELETE, EXPORT, ASSIGN = Verb
ANYONE = "anyone"
PUBLIC = "public"
ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Route:
    methods: dict[str, str]
    kind: str = ""  # of the record in the URL, or of the permission
    kwarg: str = ""  # where the URL names the record
    others: dict[str, object] = field(default_factory=dict)  # further parts of the URL
    own: bool = False  # a thing that belongs to one person: 404 for everybody else


def on(kind: str, kwarg: str = "pk", others: dict | None = None, **methods: Verb) -> Route:
    return Route(dict(methods), kind, kwarg, others or {})


def of(kind: str, others: dict | None = None, **methods: Verb) -> Route:
    return Route(dict(methods), kind, "", others or {})


def anyone(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, ANYONE), others=others)


def public(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, PUBLIC), others=others)


def administrators(*methods: str, **others: object) -> Route:
    return Route(dict.fromkeys(methods, ADMINISTRATORS), others=others)


ROUTES: dict[str, Route] = {
    # Account and shell
    "home": anyone("GET"),
    "preferences": anyone("GET", "POST"),
    "set-language": public("POST"),
    "token-list": anyone("GET", "POST"),
    "usersessions_list": anyone("GET", "POST"),
    "account_login": public("GET", "POST"),
    "account_logout": public("GET", "POST"),
    "account_inactive": public("GET"),
    "account_reset_password": public("GET", "POST"),
    "account_reset_password_done": public("GET"),
    "account_reset_password_from_key_done": public("GET"),
}
