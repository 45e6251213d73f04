"""Finding records by what people type: one query over all kinds, with visibility inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from crm.access import kinds as known_kinds
from crm.access.grants import access_of
from crm.access.permissions import Verb
from crm.models.search_document import SearchDocument
from crm.search import asking, documents

LIMIT = 30
RECENT = 1500  # newest documents that are looked at one by one
EXACTLY = 500  # documents of exactly this name
CANDIDATES = 20_000  # documents that hold a rare word
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

    A common word ("a") is in many of the newest documents, so those are looked at first; a rare one is looked up in
    the index. Which it is cannot be left to the planner: it does not know how often a prefix occurs.
    """
    question = asking.understood(text)
    scope = Scope.of(user, only)
    if not question or scope.is_empty:
        return []
    exact = scope.arms(lambda part: part.filter(pk__in=matching(question.exact).values("pk")[:EXACTLY]))
    # Asked as an expression, which no index answers: these few are to be read, not all that hold the word.
    recent = scope.recent_arms(lambda part: part.alias(held=_rank(question)).filter(held__isnull=False))
    hits = _best(_rows(exact, Value(EXACT), limit) + _rows(recent, _rank(question), limit), limit)
    if len(hits) < limit:
        looked_up = scope.arms(lambda part: part.filter(pk__in=matching(question.every).values("pk")[:CANDIDATES]))
        hits = _best(_rows(exact, Value(EXACT), limit) + _rows(looked_up, _rank(question), limit), limit)
    return hits


def _rank(question: asking.Question) -> Case:
    """How well a document matches; NULL when it does not."""
    return Case(
        When(words=Lexemes(question.begins), then=Value(BEGINS)),
        When(words=Lexemes(question.every), then=Value(HOLDS)),
        output_field=IntegerField(),
    )


def _rows(arms: list[QuerySet], rank: Any, limit: int) -> list[QuerySet]:
    return [
        arm.annotate(rank=Cast(rank, IntegerField()))
        .order_by("rank", "-updated_at", "-id")
        .values_list(*SHOWN, "rank")[:limit]
        for arm in arms
    ]


def _best(arms: list[QuerySet], limit: int) -> list[Hit]:
    """One statement for all arms; a record found several ways keeps its best rank."""
    rows = arms[0].union(*arms[1:], all=True) if len(arms) > 1 else arms[0]
    best: dict[tuple[str, int], Hit] = {}
    for hit in sorted((Hit(*row) for row in rows), key=_position):
        best.setdefault((hit.kind, hit.object_id), hit)
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
                self.teams.setdefault((access.team_id or 0,), []).append(kind)
            elif plain and rule.code == "subtree":
                self.teams.setdefault(tuple(access.subtree_ids), []).append(kind)
            else:
                seen = Exists(queryset.filter(pk=OuterRef("object_id")).filter(rule.q).order_by())
                self.special[kind] = self.special.get(kind, Q()) | Q(seen)

    @property
    def is_empty(self) -> bool:
        return not (self.everything or self.own or self.teams or self.special)

    def parts(self) -> list[tuple[Q, Q]]:
        """Each way in which the person may see documents: a condition with an index of its own, and what remains."""
        parts = []
        if self.everything:
            parts.append((Q(kind__in=self.everything), Q()))
        if self.own:
            parts.append((Q(owner_id=self.user.pk, kind__in=self.own), Q()))
        for ids, kinds in self.teams.items():
            team = Q(team_id=ids[0]) if len(ids) == 1 else Q(team_id__in=ids)
            parts.append((team & Q(kind__in=kinds), Q()))
        if self.special:
            seen = Q()
            for kind, condition in self.special.items():
                seen |= Q(kind=kind) & condition
            parts.append((Q(kind__in=list(self.special)), seen))
        return parts

    def arms(self, narrow: Callable[[QuerySet], QuerySet]) -> list[QuerySet]:
        """The documents that `narrow` lets through, once for each way of seeing them."""
        return [narrow(SearchDocument.objects.filter(scope)).filter(rest) for scope, rest in self.parts()]

    def recent_arms(self, narrow: Callable[[QuerySet], QuerySet]) -> list[QuerySet]:
        """The same among the newest documents only."""
        arms = []
        for scope, rest in self.parts():
            newest = SearchDocument.objects.filter(scope).order_by("-updated_at", "-id").values("pk")[:RECENT]
            arms.append(narrow(SearchDocument.objects.filter(pk__in=newest)).filter(rest))
        return arms
