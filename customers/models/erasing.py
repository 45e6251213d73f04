"""What holds personal data, what becomes of it when a person is erased, and what of it a person is told.

Apps above register theirs in `subscriptions.py`; a text of a table that points at a contact and that nobody registered
fails the architecture tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Case, Q, QuerySet, Value, When

from crm.access import kinds
from crm.actions.redaction import TITLES
from crm.actions.redaction_words import ERASED
from customers.models.person import Person

Rows = Callable[[Person], Q]


@dataclass(frozen=True)
class Holder:
    """Rows of a table that are a person's: `wiped` says by column what stands there afterwards.

    Where a row is about others too, only the person's words are taken out of its `texts`: those of `mentions`.
    """

    label: str  # "customers.Activity"
    rows: Rows | None = None
    wiped: Mapping[str, Any] = field(default_factory=dict)
    removed: bool = False  # the rows go, where nothing is counted by them
    mentions: Rows | None = None
    texts: tuple[str, ...] = ()
    stays: Any = ""  # in words: what of it is kept
    told: tuple[str, ...] = ()  # columns that a person is told besides what is wiped
    title: Any = ""  # what people call these rows, where it is not what the table is called

    @property
    def model(self) -> Any:
        return apps.get_model(self.label)

    @property
    def kind(self) -> str:
        """Of its records, where they are records of a kind: with a page, and events."""
        code = getattr(self.model, "kind", "")
        return code if code in {each.code for each in kinds.all_kinds()} else ""

    @property
    def name(self) -> str:
        return str(self.title or self.model._meta.verbose_name_plural)

    def of(self, person: Person) -> QuerySet[Any]:
        """Their own rows."""
        rows = self.model._base_manager.all()
        return rows.filter(self.rows(person)) if self.rows else rows.none()

    def naming(self, person: Person) -> QuerySet[Any]:
        """Rows that may name them, but for those of which these columns are wiped anyway."""
        rows = self.model._base_manager.all()
        if self.mentions is None:
            return rows.none()
        found = rows.filter(self.mentions(person))
        is_covered = self.rows is not None and self.wiped.keys() >= set(self.texts)
        return found.exclude(pk__in=self.of(person).order_by().values("pk")) if is_covered else found


APPS = ("customers", "sales", "service", "surveys", "evaluation")
Also = Callable[[Person], dict[str, int]]
_holders: list[Holder] = []
_also: dict[str, Also] = {}


def register(*found: Holder) -> None:
    known = {(each.label, tuple(each.wiped), each.texts) for each in _holders}
    _holders.extend(each for each in found if (each.label, tuple(each.wiped), each.texts) not in known)


def also(name: str, do: Also) -> None:
    """Something of an app that no columns say: called with the person before anything is wiped."""
    _also[name] = do


def holders() -> list[Holder]:
    """The person first, then what was done, sold, asked and answered: in the order of the apps, from below."""
    return sorted(_holders, key=lambda each: APPS.index(each.label.partition(".")[0]))


def others() -> list[Also]:
    return list(_also.values())


def records_of(person: Person) -> dict[str, list[int]]:
    """By kind the records that are all theirs, what they are called included."""
    found: dict[str, list[int]] = {}
    for holder in _holders:
        if holder.kind and TITLES & holder.wiped.keys():
            found.setdefault(holder.kind, []).extend(holder.of(person).values_list("pk", flat=True).distinct())
    return found


def theirs(person: Person) -> Q:
    """Rows of the person: with them as the contact, or of the customer that they are."""
    return Q(contact__in=person.contacts) | Q(customer__in=person.customers)


def of_themselves_as_customer(person: Person) -> Q:
    return Q(customer__in=person.customers)


def where_they_work(person: Person) -> Q:
    """Rows of a customer whose story tells of them."""
    return Q(customer__in=person.anywhere)


def only_where_said(column: str) -> Case:
    """What says nothing goes on saying nothing."""
    return Case(When(~Q(**{column: ""}), then=Value(ERASED)), default=Value(""))
