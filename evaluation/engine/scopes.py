"""What a number is about: the company, a team with those below it, a person, channel, product or customer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.lists import membership
from customers.models import Customer, Segment, SourceChannel
from customers.sales.models import Campaign, Product, Stage
from evaluation.kpis.declaration import Kpi

COMPANY_KIND = "company"
SEGMENT_KIND = "segment"
KINDS = {
    COMPANY_KIND: _("company"),
    "team": _("team"),
    "person": _("person"),
    "channel": _("channel"),
    "campaign": _("campaign"),
    "product": _("product"),
    "customer": _("customer"),
    "stage": _("stage"),
    SEGMENT_KIND: _("segment"),
}


class ScopeError(LookupError):
    """The scope is not known, not clear or not possible; the message says what is allowed."""


@dataclass(frozen=True)
class Within:
    """Members of a segment: as of now, as far as whoever asks may see them; or those a final number was about."""

    key: int
    name: str
    sql: str = field(compare=False)
    params: tuple[Any, ...] = field(compare=False)


@dataclass(frozen=True)
class Scope:
    """`key` is the id of a record, or the code of a channel; None for the company, and where nobody is credited."""

    kind: str = COMPANY_KIND
    key: int | str | None = None
    name: str | None = None
    within: Within | None = None  # narrowed for a look
    members: Within | None = None  # of the segment, where one is what the number is about

    def __str__(self) -> str:
        return self.name or str(KINDS[self.kind])

    @property
    def is_company(self) -> bool:
        return self.kind == COMPANY_KIND

    @property
    def stored_key(self) -> str:
        return "" if self.key is None else str(self.key)


COMPANY = Scope(COMPANY_KIND, None, "company")


def of_team(team: Team) -> Scope:
    return Scope("team", team.pk, team.name)


def of_person(user: User) -> Scope:
    return Scope("person", user.pk, user.name)


def check(kpi: Kpi, kind: str) -> None:
    """Refuse what the KPI cannot be measured for."""
    if kind != SEGMENT_KIND or not kpi.facts.customer:
        check_cut(kpi, kind)


def check_cut(kpi: Kpi, kind: str) -> None:
    """Refuse what the KPI cannot be cut by. Segments may share customers: each is measured, they are no parts."""
    if kind != COMPANY_KIND and kind not in kpi.facts.dimensions:
        allowed = ", ".join((COMPANY_KIND, *kpi.dimensions))
        raise ScopeError(f"{kpi.code} cannot be cut by {kind!r}; it can by: {allowed}.")


def is_measurable(kpi: Kpi, kind: str) -> bool:
    try:
        check(kpi, kind)
    except ScopeError:
        return False
    return True


def of_members(segment: Segment) -> Scope:
    """The segment as what a number is about: asked now, as its owner, of the customers that its owner may see and
    whose numbers are the owner's to see."""
    owner = segment.owner
    customers = _measured_for(owner) if owner else Customer.objects.none()
    found = membership.members(segment, customers, SimpleNamespace(user=owner))
    return Scope(SEGMENT_KIND, segment.pk, segment.name, members=_within(segment, found))


def whose(segment: Segment) -> tuple[int | None, int | None]:
    """The person or team that the numbers of a segment are of, for access: as far as its owner's sight reaches.
    Neither where that is everybody."""
    owner = segment.owner
    if owner is None:
        return None, None
    reach = min(owner.access.reach(kind, Verb.VIEW) for kind in (Customer.kind, "measurement"))
    if reach == Reach.ALL:
        return None, None
    return (None, owner.team_id) if reach > Reach.OWN and owner.team_id else (owner.pk, owner.team_id)


def _measured_for(owner: User) -> QuerySet[Customer]:
    """Some see every customer, and the numbers of their own teams only."""
    seen, reach = Customer.objects.visible_to(owner), owner.access.reach("measurement", Verb.VIEW)
    if reach == Reach.ALL:
        return seen
    return seen.filter(Q(owner=owner) | Q(team__in=_team_ids(owner, reach)))


def narrowed(kpi: Kpi, scope: Scope, segment: Segment, user: Any, customers: Any) -> Scope:
    """The scope, of the segment's members only: asked now, as the person, among these customers."""
    if not kpi.facts.customer:
        raise ScopeError(f"{kpi.code} is not about customers: it cannot be narrowed to a segment.")
    members = membership.members(segment, customers, SimpleNamespace(user=user))
    return replace(scope, within=_within(segment, members))


def _within(segment: Segment, members: QuerySet[Customer]) -> Within:
    query = members.order_by().values("pk").query
    sql, params = ("NULL", ()) if query.is_empty() else query.sql_with_params()
    return Within(segment.pk, segment.name, sql, tuple(params))


def of_segment(kpi: Kpi, scope: Scope, name: str) -> Scope:
    """The same for the system: of all customers, and what the segment asks as its owner would ask it."""
    found = list(Segment.objects.alive().filter(name=name).order_by("pk")[:2])
    if len(found) != 1:
        raise ScopeError(f"There is {'more than one' if found else 'no'} segment {name!r}.")
    return narrowed(kpi, scope, found[0], found[0].owner, Customer.objects.alive())


def load(kind: str, key: Any) -> Scope:
    """The scope of a stored kind and key, with its name as it is now."""
    if kind == COMPANY_KIND:
        return COMPANY
    if kind == "channel":
        return Scope(kind, key or None, key or None)
    if key in (None, ""):
        return Scope(kind, None, None)
    if kind == SEGMENT_KIND:
        segment = Segment.objects.alive().select_related("owner__team").filter(pk=int(key)).first()
        return of_members(segment) if segment else Scope(kind, int(key))
    model: Any = _MODELS[kind]
    record = model.objects.filter(pk=int(key)).first()
    return Scope(kind, int(key), record.name if record else None)


def resolve(text: str) -> Scope:
    """The scope that `KIND:NAME` names: a name, a team's path "A / B", a person's email, or "#" and an id."""
    kind, colon, name = text.partition(":")
    kind, name = kind.strip(), name.strip()
    if kind == COMPANY_KIND:
        return COMPANY
    if kind not in KINDS or not colon or not name:
        raise ScopeError(f"{text!r} is not a scope; write company or KIND:NAME, KIND one of: {', '.join(KINDS)}.")
    if kind == "channel":
        return _channel(name)
    return _record(kind, name)


def reachable(user: User, scope: Scope) -> bool:
    """Whether the person may see numbers about this scope, by the role's reach over measurements."""
    reach = user.access.reach("measurement", Verb.VIEW)
    if scope.kind == SEGMENT_KIND and scope.key is not None:
        segment = Segment.objects.visible_to(user).select_related("owner__team").filter(pk=int(scope.key)).first()
        return segment is not None and is_whose_reachable(user, segment)
    if reach == Reach.ALL:
        return True
    if reach == Reach.NONE or scope.key is None:
        return False
    if scope.kind == "person":
        if scope.key == user.pk:
            return True
        return User.objects.filter(pk=scope.key, team_id__in=_team_ids(user, reach)).exists()
    return scope.kind == "team" and scope.key in _team_ids(user, reach)


def is_whose_reachable(user: User, segment: Segment) -> bool:
    """Whether the person may see numbers of those whose customers the segment is asked of."""
    reach = user.access.reach("measurement", Verb.VIEW)
    if reach in (Reach.ALL, Reach.NONE):
        return reach == Reach.ALL
    person, team = whose(segment)
    return person == user.pk or (team is not None and team in _team_ids(user, reach))


def _team_ids(user: User, reach: Reach) -> list[int]:
    if reach == Reach.SUBTREE:
        return list(user.access.subtree_ids)
    return [user.team_id] if reach == Reach.TEAM and user.team_id else []


_MODELS: dict[str, Any] = {
    "team": Team, "person": User, "product": Product, "customer": Customer, "stage": Stage,
    "campaign": Campaign, SEGMENT_KIND: Segment,
}  # fmt: skip


def _channel(name: str) -> Scope:
    """By its code or by what people call it, in either language."""
    known = SourceChannel.listed()
    for one in known:
        if name.casefold() in (one.code, one.name.casefold(), one.name_zh.casefold()):
            return Scope("channel", one.code, one.code)
    raise ScopeError(f"There is no channel {name!r}; there are: {', '.join(one.code for one in known)}.")


def _record(kind: str, name: str) -> Scope:
    found = list(_named(kind, name)[:6])
    if len(found) == 1:
        return of_members(found[0]) if kind == SEGMENT_KIND else Scope(kind, found[0].pk, found[0].name)
    if not found:
        raise ScopeError(f"There is no {kind} {name!r}; {_there_are(kind)}.")
    clear = ", ".join(f'"{_path(kind, record)}"' for record in found)
    raise ScopeError(f"There is more than one {kind} {name!r}; write one of: {clear}.")


def _named(kind: str, name: str) -> Any:
    model = _MODELS[kind]
    rows = model.objects.alive() if kind in ("product", "customer", "campaign", SEGMENT_KIND) else model.objects.all()
    if name.startswith("#") and name[1:].isdigit():
        return rows.filter(pk=int(name[1:]))
    if kind == "team" and " / " in name:
        path = [part.strip() for part in name.split(" / ")]
        at_root = rows.filter(path_names=path)
        return at_root if at_root.exists() else _ending(rows, path)
    if kind == "person":
        return rows.filter(Q(name=name) | Q(email=name.lower())).order_by("name", "pk")
    return rows.filter(name=name).order_by("pk")


def _ending(rows: Any, path: list[str]) -> Any:
    """Teams whose path ends like this: "Central / Inside" is enough below one company."""
    ids = [
        team.pk for team in rows.filter(name=path[-1]).order_by("path_names") if team.path_names[-len(path) :] == path
    ]
    return rows.filter(pk__in=ids)


def _path(kind: str, record: Any) -> str:
    if kind == "team":
        return " / ".join(record.path_names)
    if kind == "person" and record.email:
        return record.email
    return f"#{record.pk}"


def _there_are(kind: str) -> str:
    rows = _MODELS[kind].objects.order_by("pk")
    names = [str(name) for name in rows.values_list("name", flat=True)[:9]]
    more = ", …" if len(names) == 9 else ""
    return f"there are: {', '.join(names[:8])}{more}" if names else f"there is no {kind} at all"
