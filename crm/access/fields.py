"""Fields that a role may hide, or only show. Every door asks here what its reader may not see.

Apps declare which of a kind's fields an administrator may close; every field of the organisation's own is among them.
Whoever reads is known for the length of a request (`reading`), so that templates, lists, serializers and exports need
no hook of their own: while a page is drawn, a closed field of any record, however one came by it, is as empty as if
nobody had filled it in. What is written is read as it is. Why so: docs/decisions/0010-closed-fields.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.db import models

    from crm.access.grants import Access

CLOSED = gettext_lazy("Your role does not let you write this field.")
CUSTOM = "custom"
CUSTOM_PREFIX = "custom_"
# Found by their words by nobody from whom they are hidden, and by everybody else: see crm/search/lexemes.py.
KEPT_APART = ("email", "phone")
NOTHING: frozenset[str] = frozenset()
_declared: dict[str, tuple[str, ...]] = {}
_tables: dict[str, str] = {}
_with: dict[str, Mapping[str, tuple[str, ...]]] = {}
_withheld: dict[tuple[str, str], frozenset[str]] = {}


def declare(
    model: type[models.Model],
    *names: str,
    closes: Mapping[str, tuple[str, ...]] | None = None,
    withholds: Mapping[str, tuple[str, ...]] | None = None,
) -> None:
    """Fields of a kind that roles may close; its custom fields are among them. Called in `AppConfig.ready`.

    `closes`: what else goes by another name and is closed with a field, the further addresses with the first one.
    `withholds`: the kinds whose records say little else, so that nobody sees them from whom the field is hidden.
    """
    kind: str = model.kind  # type: ignore[attr-defined]
    _declared[kind], _tables[model._meta.label_lower], _with[kind] = names, kind, closes or {}
    _withheld.update({(kind, name): frozenset(kinds) for name, kinds in (withholds or {}).items()})
    for name in (*names, CUSTOM):
        column = model._meta.get_field(name)
        setattr(model, column.attname, Closable(column, kind))  # type: ignore[union-attr]


def declared() -> Mapping[str, tuple[str, ...]]:
    """By kind the fields that may be closed, beside the custom ones."""
    return _declared


def repeat(model: type[models.Model], column: str, *, kind: str, of: str) -> None:
    """A column, of a record or of a part of one, that says what the field `of` of a kind says: closed with it."""
    field: Any = model._meta.get_field(column)
    setattr(model, field.attname, Closable(field, kind, of))


def withheld_by(hidden: Hidden) -> frozenset[str]:
    """The kinds that are as good as hidden with these fields."""
    found = [kinds for (kind, name), kinds in _withheld.items() if name in hidden.get(kind, NOTHING)]
    return NOTHING.union(*found)


def withholding(withheld: str, hidden: Hidden) -> tuple[str, str] | None:
    """The hidden field, with its kind, for which records of another kind are withheld."""
    return next(
        (one for one, kinds in _withheld.items() if withheld in kinds and one[1] in hidden.get(one[0], NOTHING)), None
    )


def closed_with(kind: str, names: Iterable[str]) -> frozenset[str]:
    """These fields and whatever is closed with them."""
    also = _with.get(kind) or {}
    return frozenset(each for name in names for each in (name, *also.get(name, ())))


# Who reads ------------------------------------------------------------------------------------------------------------


class Reader:
    """Whose eyes see what is made now. `covers`: what is closed to them is empty, wherever it is read."""

    __slots__ = ("_hidden", "_of", "covers")

    def __init__(self, of: Callable[[], Access | None], covers: bool) -> None:
        self._of, self.covers = of, covers
        self._hidden: Mapping[str, frozenset[str]] | None = None

    @property
    def access(self) -> Access | None:
        return self._of()

    @property
    def hidden(self) -> Mapping[str, frozenset[str]]:
        """By kind; kept as soon as it is known who it is."""
        if self._hidden is None:
            access = self._of()
            if access is None:
                return {}
            self._hidden = access.hidden
        return self._hidden


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextmanager
def reading(of: Callable[[], Access | None], *, covers: bool) -> Iterator[Reader]:
    """Inside, whoever `of` names is the reader: of a request, of a message that goes out."""
    reader = Reader(of, covers)
    token = _reader.set(reader)
    try:
        yield reader
    finally:
        _reader.reset(token)


@contextmanager
def covered(is_covered: bool = True) -> Iterator[None]:
    """Inside, what is closed to the reader reads as empty (while a page is drawn), or as it is (while one writes)."""
    reader = _reader.get()
    if reader is None or reader.covers == is_covered:
        yield
        return
    before, reader.covers = reader.covers, is_covered
    try:
        yield
    finally:
        reader.covers = before


F = TypeVar("F", bound=Callable[..., Any])


def uncovered(act: F) -> F:
    """For what writes: it takes records as they are, whoever asks for it."""

    @wraps(act)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with covered(False):
            return act(*args, **kwargs)

    return wrapped  # type: ignore[return-value]


def streamed(parts: Iterable[bytes], reader: Reader) -> Iterator[bytes]:
    """What is made only while it is sent, made for the same reader."""
    iterator = iter(parts)
    while True:
        token = _reader.set(reader)
        try:
            part = next(iterator)
        except StopIteration:
            return
        finally:
            _reader.reset(token)
        yield part


# What they may --------------------------------------------------------------------------------------------------------


def hidden(kind: str) -> frozenset[str]:
    """The fields of a kind that are hidden from the reader, custom ones as "custom_<code>"."""
    reader = _reader.get()
    return reader.hidden.get(kind, NOTHING) if reader is not None else NOTHING


def hidden_of(model: type[models.Model]) -> frozenset[str]:
    """The same by the table whose rows are read: those of a proxy are closed like its own."""
    label = model._meta.concrete_model._meta.label_lower  # type: ignore[union-attr]
    return hidden(_tables.get(label, ""))


def unwritable(kind: str) -> frozenset[str]:
    """The fields of a kind that the reader may not write: the hidden ones, and those that are only shown."""
    reader = _reader.get()
    access = reader.access if reader is not None else None
    return access.unwritable.get(kind, NOTHING) if access is not None else NOTHING


def reads_closed(kind: str, name: str) -> bool:
    """Whether a field reads as empty here and now: what counts with it by itself, in SQL, has nothing to say."""
    reader = _reader.get()
    return reader is not None and reader.covers and name in reader.hidden.get(kind, NOTHING)


def access() -> Access | None:
    """Of whoever reads; None where nobody does: in a job."""
    reader = _reader.get()
    return reader.access if reader is not None else None


Hidden = Mapping[str, frozenset[str]]  # by kind
Tell = Callable[[Any, Any, Hidden], Any]


class ReadByOthers(DeferredAttribute):
    """A column whose value depends on who reads it: where something is hidden from them, `_seen` says what they get."""

    def __init__(self, field: Any) -> None:
        super().__init__(field)
        self.name = field.attname

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        try:
            value = instance.__dict__[self.name]
        except KeyError:
            value = super().__get__(instance, cls)
        reader = _reader.get()
        if reader is None or not reader.covers or not reader.hidden:
            return value
        return self._seen(instance, value, reader.hidden)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value

    def _seen(self, instance: Any, value: Any, hidden: Hidden) -> Any:
        raise NotImplementedError


class Retold(ReadByOthers):
    """A column of a record of another kind that repeats closable fields: told to each reader as `tell` says, from the
    record, what stands there, and what is hidden from the reader by kind."""

    def __init__(self, field: Any, tell: Tell) -> None:
        super().__init__(field)
        self.tell = tell

    def _seen(self, instance: Any, value: Any, hidden: Hidden) -> Any:
        return self.tell(instance, value, hidden)


def retell(model: type[models.Model], name: str, tell: Tell) -> None:
    column = model._meta.get_field(name)
    setattr(model, column.attname, Retold(column, tell))  # type: ignore[union-attr]


class Closable(ReadByOthers):
    """A column that is empty in the eyes of a reader to whom it is closed."""

    def __init__(self, field: Any, kind: str, closed_as: str = "") -> None:
        super().__init__(field)
        self.kind, self.closed_as = kind, closed_as or self.name
        said = getattr(field, "output_field", field)  # of what the database works out
        self.empty = "" if said.empty_strings_allowed and not field.null else None

    def _seen(self, instance: Any, value: Any, hidden: Hidden) -> Any:
        closed = hidden.get(self.kind)
        if not closed:
            return value
        if self.name != CUSTOM:
            return self.empty if self.closed_as in closed else value
        if not isinstance(value, dict):
            return value
        return {code: each for code, each in value.items() if CUSTOM_PREFIX + code not in closed}
