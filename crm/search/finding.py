"""Finding records by what people type: one statement over all kinds, with visibility inside it.

Written as SQL, because putting the arms together from querysets took longer than PostgreSQL needs to answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import QuerySet, Value

from crm.access import fields
from crm.access import kinds as known_kinds
from crm.access.grants import Access, access_of
from crm.access.permissions import Verb
from crm.models.search_document import SearchDocument
from crm.search import asking, documents

LIMIT = 30
RECENT = 1500  # newest documents that are looked at one by one
EXACTLY = 500  # documents of exactly this name
CANDIDATES = 20_000  # documents that hold a rare word
CHECKED = 1000  # documents of which the record itself is asked whether it can be seen
EXACT, BEGINS, HOLDS = range(3)
TABLE = SearchDocument._meta.db_table
NEWEST = "updated_at DESC, id DESC"
OF_INDEX = "id, kind, object_id, title, subtitle, updated_at, owner_id, team_id"


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
    return matching(_understood(text, fields.access()).every).filter(kind=kind).values("object_id")


def _understood(text: str, access: Access | None) -> asking.Question:
    """Of what is kept apart everything where nobody asks (in a job), and for those from whom none of it is hidden;
    by the others it is found only if they typed the whole of it, and know it therefore."""
    hides = access is not None and any(not names.isdisjoint(fields.KEPT_APART) for names in access.hidden.values())
    return asking.understood(text, apart=not hides and (access is None or access.keeps_apart), whole=hides)


def matching(lexemes: str) -> QuerySet:
    found = SearchDocument.objects.order_by()
    return found.filter(words=Lexemes(lexemes)) if lexemes else found.none()


def find(user: Any, text: str, *, only: Iterable[str] | None = None, limit: int = LIMIT) -> list[Hit]:
    """What the person may see of what matches: the very name or number first, then names that begin so, then the rest,
    each the newest first.

    A common word ("a") is in many of the newest documents, so those are looked at first; a rare one is looked up in
    the index. Which it is cannot be left to the planner: it does not know how often a prefix occurs. Where only some
    kinds count, the last entered of each are the newest: after an import hundreds of thousands of others may be newer.
    Of records that can be seen only through another one, the newest thousand that match are looked at.
    """
    question = _understood(text, access_of(user))
    scope = Scope.of(user, only)
    if not question or not scope.parts:
        return []
    arms = [_held(part, limit) for part in scope.parts] + [_recent(question, part, limit) for part in scope.parts]
    hits = _best(scope.seen(_ask(_called_so(question), arms)), limit)
    held = [_held(part, limit) for part in scope.parts]
    if sum(hit.rank <= BEGINS for hit in hits) < limit:
        hits = _best(hits + scope.seen(_ask(_begin_so(question), held)), limit)
    if len(hits) < limit:
        hits = _best(hits + scope.seen(_ask(_looked_up(question), held)), limit)
    return [_as_seen(hit, access_of(user)) for hit in hits]


def _as_seen(hit: Hit, access: Access) -> Hit:
    """Without the subtitle, where that is a field they may not see."""
    closed = access.hidden.get(hit.kind)
    return replace(hit, subtitle="") if closed and documents.subtitle_field(hit.kind) in closed else hit


@dataclass(frozen=True)
class Part:
    """One way in which a person may see documents: a condition on them, and whether the record decides.

    With `kinds`, documents of a few kinds, whosever they are.
    """

    condition: str
    params: list[Any]
    is_checked: bool = False
    kinds: tuple[str, ...] = ()

    def limit(self, limit: int) -> int:
        return limit + CHECKED if self.is_checked else limit


Arm = tuple[str, list[Any]]


def _arm(rank: str, given: list[Any], source: str, params: list[Any], limit: int) -> Arm:
    columns = "kind, object_id, title, subtitle, updated_at"
    return f"(SELECT {columns}, {rank} AS rank FROM {source} ORDER BY rank, {NEWEST} LIMIT {limit})", [*given, *params]


def _held(part: Part, limit: int) -> Arm:
    """What the part lets through of what the index holds."""
    return _arm("rank", [], f"held WHERE {part.condition}", part.params, part.limit(limit))


def _recent(question: asking.Question, part: Part, limit: int) -> Arm:
    if part.kinds:
        each = f"SELECT * FROM {TABLE} WHERE kind = one ORDER BY object_id DESC LIMIT {RECENT // len(part.kinds)}"
        newest = f"SELECT newest.* FROM unnest(%s::text[]) AS one CROSS JOIN LATERAL ({each}) AS newest"
        source = f"({newest}) AS newest WHERE {part.condition} AND words @@ %s::tsquery"
        params = [list(part.kinds), *part.params, question.every]
    else:
        newest = f"SELECT * FROM {TABLE} WHERE {part.condition} ORDER BY {NEWEST} LIMIT {RECENT}"
        source, params = f"({newest}) AS newest WHERE words @@ %s::tsquery", [*part.params, question.every]
    return _arm(*_rank(question), source, params, part.limit(limit))


def _called_so(question: asking.Question) -> Arm:
    """Records of exactly this name or number, however old; were they many, the newest would hold enough of them."""
    return _in_index(str(EXACT), [], question.exact, EXACTLY)


def _begin_so(question: asking.Question) -> Arm:
    """Records whose name begins so, however old.

    The index gathers all it holds of a prefix before it gives the first of them, of a common one in a large
    organisation tens of thousands, so that it is asked for one longer prefix after the other until there are enough.
    """
    columns = f"{OF_INDEX}, {BEGINS} AS rank"
    each = f"SELECT * FROM {TABLE} WHERE words @@ one::tsquery LIMIT {EXACTLY}"
    longer = f"SELECT {columns} FROM unnest(%s::text[]) AS one CROSS JOIN LATERAL ({each}) AS named LIMIT {EXACTLY}"
    known = "(SELECT count(DISTINCT id) FROM longer)"  # a Chinese name begins so in two ways, as itself and as pinyin
    sql = (
        f"WITH longer AS MATERIALIZED ({longer}) SELECT * FROM longer WHERE {known} = {EXACTLY} UNION ALL "
        f"(SELECT {columns} FROM {TABLE} WHERE words @@ %s::tsquery AND {known} < {EXACTLY} LIMIT {EXACTLY})"
    )
    return sql, [list(question.longer), question.begins]


def _looked_up(question: asking.Question) -> Arm:
    return _in_index(*_rank(question), question.every, CANDIDATES)


def _in_index(rank: str, given: list[Any], lexemes: str, most: int) -> Arm:
    """What the index holds, up to so many."""
    return f"SELECT {OF_INDEX}, {rank} AS rank FROM {TABLE} WHERE words @@ %s::tsquery LIMIT {most}", [*given, lexemes]


def _rank(question: asking.Question) -> tuple[str, list[Any]]:
    return f"CASE WHEN words @@ %s::tsquery THEN {BEGINS} ELSE {HOLDS} END", [question.begins]


def _ask(held: Arm, arms: list[Arm]) -> list[Hit]:
    """`held` is read once for all arms: of a common prefix the index knows so many places that each reading takes as
    long as all the rest."""
    sql = f"WITH held AS MATERIALIZED ({held[0]}) {' UNION ALL '.join(sql for sql, _ in arms)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*held[1], *(value for _, params in arms for value in params)])
        return [Hit(*row) for row in cursor.fetchall()]


def _best(found: Iterable[Hit], limit: int) -> list[Hit]:
    """A record found several ways keeps its best rank."""
    best: dict[tuple[str, int], Hit] = {}
    for hit in sorted(found, key=_position):
        best.setdefault((hit.kind, hit.object_id), hit)
    return list(best.values())[:limit]


def _position(hit: Hit) -> tuple[int, float, int]:
    return hit.rank, -hit.updated_at.timestamp(), -hit.object_id


@dataclass
class Scope:
    """Which documents a person may find: the rules of `visible_to`, in terms of documents."""

    user: Any
    access: Access
    everything: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    teams: dict[tuple[int, ...], list[str]] = field(default_factory=dict)
    special: list[str] = field(default_factory=list)  # kinds of which only the record itself can tell
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def of(cls, user: Any, only: Iterable[str] | None = None) -> Scope:
        scope = cls(user, access_of(user).remembering())
        wanted = None if only is None else set(only)
        for kind in documents.searchable_kinds():
            if wanted is None or kind in wanted:
                scope._add(kind)
        scope.parts = list(scope._parts())
        return scope

    def _add(self, kind: str) -> None:
        model: Any = known_kinds.get(kind).model
        rules = model._default_manager.all().rules(self.access, Verb.VIEW)
        if any(not rule.q for rule in rules):
            self.everything.append(kind)
            return
        plain = getattr(model, "owner_field", "owner") == "owner" and getattr(model, "team_field", "team") == "team"
        for code in [rule.code for rule in rules]:
            if plain and code == "own":
                self.own.append(kind)
            elif plain and code == "team":
                self.teams.setdefault((self.access.team_id or 0,), []).append(kind)
            elif plain and code == "subtree":
                self.teams.setdefault(tuple(self.access.subtree_ids), []).append(kind)
            elif kind not in self.special:
                self.special.append(kind)

    def _parts(self) -> Iterable[Part]:
        if self.everything:
            is_all = len(self.everything) == len(documents.searchable_kinds())
            yield Part("kind = ANY(%s)", [self.everything], kinds=() if is_all else tuple(self.everything))
        if self.own:
            yield Part("owner_id = %s AND kind = ANY(%s)", [self.user.pk, self.own])
        for ids, kinds in self.teams.items():
            # One team by equality: its index is then in the order of the newest.
            condition, team = ("team_id = %s", ids[0]) if len(ids) == 1 else ("team_id = ANY(%s)", list(ids))
            yield Part(f"{condition} AND kind = ANY(%s)", [team, kinds])
        if self.special:
            others = "(owner_id IS DISTINCT FROM %s OR NOT kind = ANY(%s))"
            params = [self.special, self.user.pk, self.own]
            yield Part(f"kind = ANY(%s) AND {others}", params, is_checked=True, kinds=tuple(self.special))

    def seen(self, hits: list[Hit]) -> list[Hit]:
        """Without those whose records the person may not see."""
        asked = [hit for hit in hits if hit.kind in self.special]
        seen = {(kind, pk) for kind in {hit.kind for hit in asked} for pk in self._seen_of(kind, asked)}
        return [hit for hit in hits if hit.kind not in self.special or (hit.kind, hit.object_id) in seen]

    def _seen_of(self, kind: str, hits: list[Hit]) -> set[int]:
        model: Any = known_kinds.get(kind).model
        ids = {hit.object_id for hit in hits if hit.kind == kind}
        return set(
            model._default_manager.visible_to(self.user).filter(pk__in=ids).order_by().values_list("pk", flat=True)
        )
