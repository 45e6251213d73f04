"""Finding records by what people type: one query over all kinds, with visibility inside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Value

from crm.access import kinds as known_kinds
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.models.search_document import SearchDocument
from crm.search import asking, documents

LIMIT = 30
# Of records that are seen only because of another record, this many of the newest that match are looked at.
CANDIDATES = 1000
SHOWN = ("kind", "object_id", "title", "subtitle", "updated_at")
EXACT, BEGINS, HOLDS = range(3)


class Lexemes(SearchQuery):
    """A tsquery taken as it is: the words are in their stored form already."""

    template = "%(expressions)s::tsquery"

    def __init__(self, text: str) -> None:
        super().__init__(Value(text))


@dataclass(frozen=True)
class Hit:
    kind: str
    object_id: int
    title: str
    subtitle: str
    updated_at: Any
    rank: int

    @property
    def url(self) -> str:
        return known_kinds.get(self.kind).url_for(self.object_id) or ""

    @property
    def icon(self) -> str:
        return known_kinds.get(self.kind).icon

    @property
    def kind_label(self) -> Any:
        return known_kinds.get(self.kind).label


def ids(kind: str, text: str) -> QuerySet:
    """Ids of the records of one kind that hold every word of `text`; says nothing of visibility."""
    return matching(asking.understood(text).every).filter(kind=kind).values("object_id")


def matching(lexemes: str) -> QuerySet:
    found = SearchDocument.objects.order_by()
    return found.filter(words=Lexemes(lexemes)) if lexemes else found.none()


def find(user: Any, text: str, *, only: Iterable[str] | None = None, limit: int = LIMIT) -> list[Hit]:
    """What the person may see of what matches: the very name or number first, then names that begin so, then the rest,
    each the newest first.
    """
    question = asking.understood(text)
    scope = Scope.of(user, only)
    if not question or scope.is_empty:
        return []
    tiers = ((EXACT, question.exact), (BEGINS, question.begins), (HOLDS, question.every))
    arms = [
        arm.annotate(rank=Value(rank, IntegerField()))
        .order_by("-updated_at", "-id")
        .values_list(*SHOWN, "rank")[:limit]
        for rank, lexemes in tiers
        for arm in scope.arms(matching(lexemes))
    ]
    rows = arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0]
    best: dict[tuple[str, int], Hit] = {}
    for row in sorted((Hit(*row) for row in rows), key=_position):
        best.setdefault((row.kind, row.object_id), row)
    return list(best.values())[:limit]


def _position(hit: Hit) -> tuple[int, float, int]:
    return hit.rank, -hit.updated_at.timestamp(), -hit.object_id


@dataclass
class Scope:
    """Which documents a person may find: the rules of `visible_to`, in terms of documents."""

    user: Any
    everything: list[str]
    own: list[str]
    teams: dict[tuple[int, ...], list[str]]
    special: dict[str, Q]  # by kind: what only the record itself can tell

    @classmethod
    def of(cls, user: Any, only: Iterable[str] | None = None) -> Scope:
        scope = cls(user, [], [], {}, {})
        wanted = None if only is None else set(only)
        for kind in documents.searchable_kinds():
            if wanted is None or kind in wanted:
                scope._add(kind)
        return scope

    def _add(self, kind: str) -> None:
        model: Any = known_kinds.get(kind).model
        queryset = model._default_manager.all()
        access = access_of(self.user)
        rules = queryset.rules(access, Verb.VIEW)
        if any(not rule.q for rule in rules):
            self.everything.append(kind)
            return
        plain = getattr(model, "owner_field", "owner") == "owner" and getattr(model, "team_field", "team") == "team"
        for rule in rules:
            if plain and rule.code == "own":
                self.own.append(kind)
            elif plain and rule.code == "team":
                self.teams.setdefault((access.team_id,), []).append(kind)
            elif plain and rule.code == "subtree":
                self.teams.setdefault(tuple(access.subtree_ids), []).append(kind)
            else:
                seen = Exists(queryset.filter(pk=OuterRef("object_id")).filter(rule.q).order_by())
                self.special[kind] = self.special.get(kind, Q()) | Q(seen)

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.own or self.teams or self.special)

    def arms(self, found: QuerySet) -> list[QuerySet]:
        """The documents found, once for each way in which the person may see them: each has an index of its own."""
        arms = []
        if self.everything:
            arms.append(found.filter(kind__in=self.everything))
        if self.own:
            arms.append(found.filter(owner_id=self.user.pk, kind__in=self.own))
        for ids, kinds in self.teams.items():
            team = Q(team_id=ids[0]) if len(ids) == 1 else Q(team_id__in=ids)
            arms.append(found.filter(team, kind__in=kinds))
        if self.special:
            arms.append(self._special(found))
        return arms

    def _special(self, found: QuerySet) -> QuerySet:
        newest = found.filter(kind__in=self.special).order_by("-updated_at", "-id").values("pk")[:CANDIDATES]
        seen = Q()
        for kind, condition in self.special.items():
            seen |= Q(kind=kind) & condition
        return SearchDocument.objects.filter(pk__in=newest).filter(seen)
