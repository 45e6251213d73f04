"""What one person's roles add up to, read once per request."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from crm.access import fields
from crm.access.permissions import Level, Reach, Verb

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from crm.models import User


class Grant(NamedTuple):
    """One line of a role of the person."""

    role: int
    kind: str
    verb: str
    reach: int


class Limit(NamedTuple):
    """One field that a role of the person closes."""

    role: int
    kind: str
    name: str
    level: int


class Derived(NamedTuple):
    """A field that is worked out from others: closed to whom one of them is."""

    kind: str
    name: str
    reads: tuple[str, ...]


class Shared(NamedTuple):
    """One record that somebody shared with the person."""

    may_edit: int
    kind: str
    nothing: str
    id: int


class Granted(NamedTuple):
    """What is read of a person, in one query."""

    grants: list[Grant]
    limits: list[Limit]
    derived: list[Derived]
    keeps_apart: bool  # whether search keeps something that a role hides apart
    shared: list[Shared]


class Access:
    """A person's grants and teams. Nobody, the inactive and the anonymous have none."""

    def __init__(self, user: User | AnonymousUser) -> None:
        self.user = user
        self._ids: dict[str, list[int]] | None = None

    @cached_property
    def everything(self) -> bool:
        return bool(self.user.is_active and self.user.is_superuser)

    @cached_property
    def grants(self) -> dict[tuple[str, str], Reach]:
        """The widest reach of any role, by kind and verb."""
        found: dict[tuple[str, str], Reach] = {}
        for _role, kind, verb, reach in self._granted.grants:
            if reach >= found.get((kind, verb), Reach.NONE):
                found[kind, verb] = Reach(reach)
        withheld = fields.withheld_by(self.hidden) if self._granted.limits else fields.NOTHING
        return {asked: reach for asked, reach in found.items() if asked[0] not in withheld} if withheld else found

    @cached_property
    def _granted(self) -> Granted:
        if not self.user.is_active or self.user.pk is None:
            return Granted([], [], [], False, [])
        return self.user.granted()

    @property
    def keeps_apart(self) -> bool:
        """Whether any role hides something that search therefore keeps apart (crm/search/lexemes.py)."""
        return self._granted.keeps_apart

    @cached_property
    def hidden(self) -> dict[str, frozenset[str]]:
        """By kind the fields that no role of the person shows. Where one shows such records, the others have no say."""
        found = self._closed((Verb.VIEW,), Level.READ)
        for kind, name, reads in self._granted.derived:
            if not found.get(kind, frozenset()).isdisjoint(reads):
                found[kind] |= {name}
        return found

    @cached_property
    def unwritable(self) -> dict[str, frozenset[str]]:
        """By kind the fields that no role lets the person write: hidden ones, and those that are only shown."""
        shown, hidden = self._closed((Verb.CREATE, Verb.EDIT), Level.WRITE), self.hidden
        return {kind: shown.get(kind, frozenset()) | hidden.get(kind, frozenset()) for kind in {*shown, *hidden}}

    def _closed(self, verbs: tuple[Verb, ...], needed: Level) -> dict[str, frozenset[str]]:
        """By kind the fields that every role with one of the verbs on it keeps below a level."""
        grants, limits = self._granted.grants, self._granted.limits
        if self.everything or not limits:
            return {}
        speaking, keeping = defaultdict(set), defaultdict(set)
        for role, kind, verb, reach in grants:
            if verb in verbs and reach > Reach.NONE:
                speaking[kind].add(role)
        for role, kind, name, level in limits:
            if level < needed:
                keeping[kind, name].add(role)
        everyone = {grant.role for grant in grants} | {limit.role for limit in limits}
        found = defaultdict(set)
        for (kind, name), roles in keeping.items():
            if (speaking[kind] or everyone) <= roles:
                found[kind].add(name)
        return {kind: fields.closed_with(kind, names) for kind, names in found.items()}

    def shared(self, kind: str, verb: Verb) -> list[int]:
        """Which records of the kind were shared with the person, to look at or to edit."""
        if verb not in (Verb.VIEW, Verb.EXPORT, Verb.EDIT):
            return []
        return [one.id for one in self._granted.shared if one.kind == kind and (verb != Verb.EDIT or one.may_edit)]

    @cached_property
    def team_id(self) -> int | None:
        return getattr(self.user, "team_id", None)

    @cached_property
    def subtree_ids(self) -> list[int]:
        """The person's team and every team below it; also every team the person manages, with those below."""
        if not self.user.is_active or self.user.pk is None:
            return []
        return self.user.team_ids_and_below()

    def reach(self, kind: str, verb: Verb | str) -> Reach:
        if self.everything:
            return Reach.ALL
        return self.grants.get((kind, str(verb)), Reach.NONE)

    def may(self, kind: str, verb: Verb | str) -> bool:
        """Whether the person may do this to any record of the kind at all."""
        return self.reach(kind, verb) > Reach.NONE

    def remembering(self) -> Access:
        """The same, asking for each list of ids once: for what goes through the rules of every kind at one moment."""
        _ = self.grants  # read before copying: both have them then
        found = copy.copy(self)
        found._ids = {}
        return found

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """Inside, each of these lists is asked for once, whoever asks: for a request that only looks."""
        before = self._ids
        self._ids = {} if before is None else before
        try:
            yield
        finally:
            self._ids = before

    def ids(self, name: str, ask: Callable[[], Iterable[int]]) -> list[int]:
        """Ids that a rule of an app is about."""
        if self._ids is None:
            return list(ask())
        if name not in self._ids:
            self._ids[name] = list(ask())
        return self._ids[name]

    @cached_property
    def administers(self) -> bool:
        """Whether the admin site is open to the person."""
        return self.reach("settings", Verb.EDIT) == Reach.ALL


def access_of(user: Any) -> Access:
    """The `Access` of a user, remembered on the user object for the length of a request."""
    access = getattr(user, "_access", None)
    if access is None:
        access = Access(user)
        user._access = access
    return access
