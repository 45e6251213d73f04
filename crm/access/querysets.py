"""The only door to records: a queryset that knows who is asking.

The same list of rules answers lists, single records, counts, search, exports, panels, reports and the
explainer (`manage.py why`), so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.sql.where import WhereNode
from django.utils.translation import gettext_lazy as _

from crm.access.beside import said_beside
from crm.access.grants import Access, access_of
from crm.access.permissions import Reach, Verb

SHARED = "shared"


@dataclass(frozen=True)
class Rule:
    """One reason for which a record may be reached."""

    code: str
    reason: Any
    q: Q


class Reasons(WhereNode):
    """The condition of all the ways together, to be told apart from what else is asked of the rows."""


class ScopedQuerySet(models.QuerySet[Any]):
    """Base of every business queryset.

    A model says whose its rows are by class attributes:
    `kind`          the code that roles grant on;
    `owner_field`   the person it belongs to ("owner" by default, None where nobody owns it);
    `team_field`    the team it belongs to ("team" by default, or None);
    `follows`       foreign keys whose visibility is enough to view (not to edit) the row;
    `follows_beside`  those of them whose owner and team the database keeps beside the key.
    With neither owner nor team, any reach of the role is a reach over all rows.
    """

    # Whoever may see rows for several reasons: each of them alone. Together they hold every row of the queryset.
    ways: tuple[Q, ...] = ()

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone.ways = self.ways
        return clone

    def __or__(self, other: Any) -> Self:
        both = super().__or__(other)
        both.ways = ()  # what the other brings has come another way
        return both

    def __and__(self, other: Any) -> Self:
        both = super().__and__(other)
        both.ways = ()  # beside the condition of these ways stands that of the other's
        return both

    def visible_to(self, user: Any) -> Self:
        return self.permitted(user, Verb.VIEW)

    def editable_by(self, user: Any) -> Self:
        return self.permitted(user, Verb.EDIT)

    def shareable_by(self, user: Any) -> Self:
        """Whoever may edit it by their role decides who else may see it; with whom it was shared does not."""
        rules = self.rules(access_of(user), Verb.EDIT)
        return self.alive()._reached([rule for rule in rules if rule.code != SHARED])

    def shared_with(self, user: Any, is_shared: bool = True) -> Self:
        """Of the rows at hand those that somebody shared with the person; or the others."""
        ids = self.ids_shared_with(access_of(user))
        return self.filter(pk__in=ids) if is_shared else self.exclude(pk__in=ids)

    def ids_shared_with(self, access: Access) -> list[int]:
        return access.shared(self.model.kind, Verb.VIEW)

    def restorable_by(self, user: Any) -> Self:
        """Rows in the bin that the person could have put there."""
        return self.in_bin()._reached(self.rules(access_of(user), Verb.DELETE))

    def permitted(self, user: Any, verb: Verb) -> Self:
        """Rows on which `user` may do `verb`. Rows in the bin are nobody's until restored."""
        return self.alive()._reached(self.rules(access_of(user), verb))

    def _reached(self, rules: list[Rule]) -> Self:
        if not rules:
            return self.none()
        scope = Q()
        for rule in rules:
            if not rule.q:  # a rule without condition lets everything through
                scope = Q()
                break
            scope |= rule.q
        if not scope:
            return self.all()
        reached = self.filter(scope)
        reached.ways = tuple(rule.q for rule in rules)
        asked: list[Any] = reached.query.where.children
        for child in asked:
            if isinstance(child, Reasons):  # of an earlier question: it stays, whatever the way
                child.__class__ = WhereNode  # type: ignore[assignment]
        last = asked[-1]
        if isinstance(last, WhereNode) and last.connector == Q.OR and not last.negated:
            last.__class__ = Reasons
        return reached

    def by_way(self, way: Q) -> Self:
        """Of the rows those that one of their `ways` leads to, or a part of one. The others are not asked beside it:
        one that is about another table would list everything that can be seen there."""
        narrowed = self.filter(way)
        where = narrowed.query.where
        where.children = [child for child in where.children if not isinstance(child, Reasons)]
        return narrowed

    def rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Why rows may be reached, the widest reason first; empty when the role grants nothing."""
        model: Any = self.model
        reach = access.reach(model.kind, verb)
        owner, team = _scope_fields(model)
        if reach == Reach.NONE:
            return []
        if reach == Reach.ALL or (owner is None and team is None and not model_follows(model)):
            return [Rule("all", _("the role reaches all records of this kind"), Q())]
        rules = []
        if owner:
            rules.append(Rule("own", _("it is the person's own"), Q(**{owner: access.user.pk})))
        if team and reach == Reach.TEAM and access.team_id:
            rules.append(Rule("team", _("it belongs to the person's team"), Q(**{team: access.team_id})))
        if team and reach == Reach.SUBTREE and access.subtree_ids:
            rules.append(
                Rule(
                    "subtree",
                    _("it belongs to the person's team or one below"),
                    Q(**{f"{team}__in": access.subtree_ids}),
                )
            )
        if shared := access.shared(model.kind, verb):
            # Ids, not a subquery: the planner can then combine the indexes of all rules.
            rules.append(Rule(SHARED, _("it was shared with the person"), Q(pk__in=shared)))
        return rules + self.extra_rules(access, verb)

    def extra_rules(self, access: Access, verb: Verb) -> list[Rule]:
        """Rows that can be viewed because the record they are about can be."""
        if verb not in (Verb.VIEW, Verb.EXPORT):
            return []
        rules = []
        for name in model_follows(self.model):
            related: Any = self.model._meta.get_field(name).related_model
            kept = name in getattr(self.model, "follows_beside", ())
            scope = related._default_manager.all().scope_through(name, access, beside=kept)
            if scope:
                rules.append(Rule(f"follows-{name}", _("the record it is about can be seen"), scope))
        return rules

    def scope_through(self, name: str, access: Access, *, beside: bool = False) -> Q:
        """What rows of another model have to fulfil to be about one of these that the person may see; `name` is
        their foreign key.

        Where the database keeps the owner and team of these `beside` it, they are asked (crm/access/beside.py). Else
        each row is asked by its key: a list of all that can be seen (a team may have 300,000 customers) outgrows the
        memory of a statement, which then takes minutes. Where the list is short the planner makes one by itself.
        """
        rules = self.rules(access, Verb.VIEW)
        if any(not rule.q for rule in rules):
            there = Q(**{f"{name}__isnull": False})
            # Those in the bin are few: a list of them is soon made, while a join would read what each row is about.
            binned = Exists(self.in_bin().filter(pk=OuterRef(name)).order_by())
            return there & Q(~binned) if _has_bin(self.model) else there
        scope, asked = Q(), []
        for rule in rules:
            said = said_beside(name, rule.q, self) if beside else None
            if said is None:
                asked.append(rule)
            else:
                scope |= said
        if asked:
            scope |= Q(Exists(self.alive()._reached(asked).filter(pk=OuterRef(name)).order_by()))
        return scope

    def alive(self) -> Self:
        """Rows that are not in the bin."""
        return self.filter(deleted_at__isnull=True) if _has_bin(self.model) else self

    def in_bin(self) -> Self:
        return self.filter(deleted_at__isnull=False) if _has_bin(self.model) else self.none()


def model_follows(model: Any) -> tuple[str, ...]:
    return getattr(model, "follows", ())


def _scope_fields(model: Any) -> tuple[str | None, str | None]:
    return getattr(model, "owner_field", "owner"), getattr(model, "team_field", "team")


def _has_bin(model: Any) -> bool:
    try:
        model._meta.get_field("deleted_at")
    except FieldDoesNotExist:
        return False
    return True
