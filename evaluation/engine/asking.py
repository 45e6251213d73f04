"""Which scope a person asks about, as pages and programs write it: "company", "team:7"; never one out of reach."""

from __future__ import annotations

from crm.access.permissions import Reach, Verb
from crm.models import User
from customers.models import Customer, Segment
from evaluation.engine import scopes
from evaluation.engine.scopes import COMPANY, Scope
from evaluation.kpis.declaration import Kpi


def code_of(scope: Scope) -> str:
    return scope.kind if scope.is_company else f"{scope.kind}:{scope.stored_key}"


def scope_of(user: User, code: str) -> Scope | None:
    """The scope of a code, the widest one may see without; None for one that does not exist or is out of reach."""
    scope = _parsed(code) if code else default_scope(user)
    return scope if scope is not None and scopes.reachable(user, scope) else None


def default_scope(user: User) -> Scope:
    """The widest that the person may see, but their own team rather than one below it."""
    reach = user.access.reach("measurement", Verb.VIEW)
    if reach == Reach.ALL:
        return COMPANY
    if reach in (Reach.TEAM, Reach.SUBTREE) and user.team:
        return scopes.of_team(user.team)
    return scopes.of_person(user)


def segment_of(user: User, pk: str) -> Segment | None:
    """The segment of a number, None where there is none that the person may see."""
    known = pk.isdecimal() and len(pk) < 19
    return Segment.objects.visible_to(user).filter(pk=pk).first() if known else None


def narrowed(user: User, kpi: Kpi, scope: Scope, segment: Segment) -> Scope:
    """The scope, of those of the segment's members whom the person may see."""
    return scopes.narrowed(kpi, scope, segment, user, Customer.objects.visible_to(user))


def _parsed(code: str) -> Scope | None:
    kind, _colon, key = code.partition(":")
    if kind == COMPANY.kind and not key:
        return COMPANY
    if kind not in scopes.KINDS or not key:
        return None
    if kind != "channel" and not (key.isdecimal() and len(key) < 19):
        return None
    scope = scopes.load(kind, key)
    return scope if scope.name else None
