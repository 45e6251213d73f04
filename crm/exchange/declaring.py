"""What can be imported. An app declares each kind in its `exchange.py` and registers it in `AppConfig.ready`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import fields, kinds
from crm.access.grants import Access, access_of
from crm.access.permissions import Reach, Verb
from crm.custom_fields import known, values, writing
from crm.exchange import custom_columns, plain, storing
from crm.exchange.blank import Blank
from crm.exchange.drafts import Draft, Refused, Run
from crm.exchange.unusable import Unusable
from crm.joining import listed
from crm.models.custom_field import CustomField

TEXT, NUMBER, MONEY, DATE, DATETIME = "text", "number", "money", "date", "datetime"
CHOICE, BOOLEAN, REFERENCE = "choice", "boolean", "reference"
DECIMAL, CHOICES = "decimal", "choices"
CUSTOM_TYPES = {
    CustomField.Type.NUMBER: NUMBER,
    CustomField.Type.DECIMAL: DECIMAL,
    CustomField.Type.DATE: DATE,
    CustomField.Type.BOOLEAN: BOOLEAN,
    CustomField.Type.CHOICE: CHOICE,
    CustomField.Type.CHOICES: CHOICES,
}


@dataclass(frozen=True)
class Reference:
    """The field points at another record, found by one of `by`; `within` are fields that must agree as well."""

    model: type[models.Model]
    by: tuple[str, ...] = ("name",)
    related: tuple[str, ...] = ()
    scoped: bool = True  # found among what the importer may see; False for configuration without a kind
    to_change: bool = False  # … among what they may change: the row is part of it

    def among(self, user: Any) -> Any:
        """The records a row may point at."""
        if not self.scoped:
            return self.model._base_manager.all()
        rows: Any = self.model.objects  # type: ignore[attr-defined]
        return rows.editable_by(user) if self.to_change else rows.visible_to(user)

    @property
    def noun(self) -> str:
        return self.model._meta.model_name or ""


@dataclass(frozen=True)
class Field:
    name: str
    label: Any
    type: str = TEXT
    required: bool = False
    reference: Reference | None = None
    choices: Sequence[tuple[Any, Any]] = ()
    stored: bool = True  # whether it is a column of the record; the kind itself deals with the others
    history: bool = False  # says what was true from a moment on, rather than what the record is
    line: bool = False  # one of several that the record has: each of its rows brings one
    help: Any = ""
    custom: CustomField | None = None  # one that the administrator defined
    called: tuple[str, ...] = ()  # what files call it, besides its name and label


@dataclass
class Importable:
    """A kind of record that files may bring. Subclasses say where their records differ from plain rows."""

    model: type[models.Model]
    fields: tuple[Field, ...]
    identities: tuple[tuple[str, ...], ...]  # ways of telling that a row is a record we know, the best one first
    unique: tuple[tuple[str, ...], ...] = ()  # what no two records may share, besides
    has_history: bool = False
    keeps: bool = False  # whether a row's other columns can be kept beside its history
    creatable: frozenset[str] = frozenset()  # configuration that a profile may ask for where it is missing
    profile_keys: frozenset[str] = frozenset()  # what a profile may say for this kind only
    related: tuple[str, ...] = ()  # read with records that exist, by a join
    prefetch: tuple[str, ...] = ()  # … and by a query for each chunk
    icon: str = ""
    _by_name: dict[str, Field] = field(default_factory=dict, init=False)
    _custom: dict[str, CustomField] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._by_name = {each.name: each for each in self.fields}

    @property
    def code(self) -> str:
        return self.model.kind  # type: ignore[attr-defined]

    @property
    def label(self) -> Any:
        return kinds.get(self.code).label

    @property
    def label_plural(self) -> Any:
        return kinds.get(self.code).label_plural

    def field(self, name: str) -> Field | None:
        return self._by_name.get(name)

    def column(self, name: str) -> Any:
        return self.model._meta.get_field(name)

    def with_custom_fields(self) -> Importable:
        """The same with the fields the administrator has defined by now."""
        found = [of_custom(field) for field in known.filled(self.code)] if known.takes(self.model) else []
        made = copy(self)
        made.fields = (*self.fields, *found)
        made._by_name = {each.name: each for each in made.fields}
        made._custom = {each.name: each.custom for each in found if each.custom is not None}
        return made

    def holds(self, record: Any, name: str) -> bool:
        """Whether something stands there already."""
        each = self._by_name[name]
        return (each.stored or each.custom is not None) and writing.held(record, name) not in (None, "")

    @cached_property
    def plain(self) -> dict[str, re.Pattern[str]]:
        """Fields with the texts that are right in them."""
        ours = (each.name for each in self.fields if each.stored and not each.reference)
        found = {name: plain.texts_of(self.column(name)) for name in ours}
        return {name: texts for name, texts in found.items() if texts is not None}

    def may_import(self, user: Any) -> bool:
        """Beyond the permission to create or edit: whether the importer may import this kind at all."""
        return True

    def reach(self, access: Access, verb: Verb) -> Reach:
        """How far the importer's roles go; a kind that roles do not grant on asks for what it belongs to."""
        return access.reach(self.code, verb)

    def is_open_to(self, user: Any) -> bool:
        """Whether somebody may bring in such records from files, or change some."""
        access = access_of(user)
        return self.may_import(user) and any(self.reach(access, verb) for verb in (Verb.CREATE, Verb.EDIT))

    def begin(self, run: Run) -> None:
        """Before a chunk: look up what every row of it needs."""

    def tidy(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values in the one form in which they are kept."""
        return values

    def new(self, draft: Draft, run: Run) -> models.Model:
        """An unsaved record with nothing in it yet but the moment and the importer."""
        record = self._blank.made()
        if self._blank.is_dated:
            record.created_at = record.updated_at = run.at
        return record

    @cached_property
    def _blank(self) -> Blank:
        return Blank(self.model)

    def fill(self, record: Any, draft: Draft, run: Run) -> None:
        """Put the values of the draft on the record; `Refused` says what is wrong with one."""
        for name, value in draft.values.items():
            if self._by_name[name].stored:
                setattr(record, name, value)
        if self._custom:
            custom_columns.fill(record, draft, self._custom)

    def settle(self, record: Any, draft: Draft, run: Run) -> None:
        """After the values: what follows from them, and where an owner and a team come from."""
        if not draft.is_new or not self.is_owned:
            return
        is_ours = run.profile.source("owner") is None
        if is_ours:
            record.owner_id = run.user.pk
        if run.profile.source("team") is None:
            owner = run.user if is_ours else record.owner
            record.team_id = owner.team_id if owner else None

    @property
    def is_owned(self) -> bool:
        """Whether records belong to a person and a team; products and people do not."""
        return bool(getattr(self.model, "owner_field", "owner")) and hasattr(self.model, "owner_id")

    def wrong(self, draft: Draft, run: Run) -> list[Any]:
        """Of a draft that is refused anyway: what is wrong with values that no column holds."""
        return custom_columns.problems(draft, self._custom) if self._custom else []

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        """Beyond its columns: what of the record would change, by field, before and after."""
        return {}

    def check(self, record: Any, draft: Draft, run: Run) -> None:
        """Rules of one record that need no query; ValidationError or Refused."""
        record.clean()

    def compare(self, number: int, values: dict[str, Any], run: Run) -> str:
        return ""  # which earlier row of the file a row looks like

    def compare_records(self, new: dict[int, dict[str, Any]], run: Run) -> dict[int, str]:
        """Of rows that become new records, which one that exists each looks like; by the row's number."""
        return {}

    def insert(self, drafts: list[Draft], run: Run) -> None:
        """Store new records with everything that belongs to them; notes the rows it adds in `draft.parts`."""
        self.before_saving([draft.record for draft in drafts])
        storing.insert(self.model, [draft.record for draft in drafts])

    def save(self, drafts: list[Draft], run: Run) -> None:
        """Store changed records."""
        records = [draft.record for draft in drafts]
        for record in records:
            if hasattr(record, "version"):
                record.version += 1
                record.updated_at = run.at
        self.before_saving(records)
        names = {name for draft in drafts for name in draft.changed_columns}
        names |= {name for name in ("version", "updated_at") if hasattr(self.model, name)}
        names |= set(self.derived)
        if names:
            storing.change(self.model, records, names)

    derived: tuple[str, ...] = ()  # columns that `save()` of the model computes

    def before_saving(self, records: list[Any]) -> None:
        """What `save()` of the model would compute: bulk writes do not call it."""

    def finish(self, run: Run) -> None:
        """After the last row."""

    def parts(self) -> dict[str, Any]:
        """Tables an import adds rows to besides the record's own, by the names used in `draft.parts`."""
        return {}

    def take_back_parts(self, parts: dict[str, Any]) -> list[str]:
        """Returns what had to be kept, because it was changed since."""
        tables = self.parts()
        for name, ids in parts.items():
            tables[name]._base_manager.filter(pk__in=ids).delete()
        return []

    def stays(self, record: Any, name: str, before: dict[str, Any]) -> bool:
        """Whether a column is left as it is by now, although the import changed it: none, unless a kind says so."""
        return False

    def put_back(self, ids: list[int]) -> None:
        """After records were put back to what they were."""

    def removed(self, records: list[Any]) -> None:
        """After records the import had created were deleted."""


_importable: dict[str, Importable] = {}


def register(*found: Importable) -> None:
    for each in found:
        _importable[each.code] = each


def get(code: str) -> Importable:
    """`Unusable` with what there is otherwise."""
    try:
        return _importable[code].with_custom_fields()
    except KeyError:
        there = listed(sorted(_importable))
        raise Unusable(
            _("%(code)s cannot be imported; what can be: %(known)s.") % {"code": code, "known": there}
        ) from None


def of_custom(field: CustomField) -> Field:
    """Choices are found by what they are called in either language, too."""
    choices = [(option.code, label) for option in field.options for label in (option.label, option.label_zh) if label]
    is_writable = field.name not in fields.unwritable(field.kind)  # nobody has to bring what they may not write
    is_needed = field.is_required and is_writable and values.default_of(field) is None
    type = CUSTOM_TYPES.get(CustomField.Type(field.type), TEXT)
    return Field(field.name, field.title, type, required=is_needed, choices=choices, stored=False, custom=field)


def importable() -> Iterable[Importable]:
    return [_importable[code] for code in sorted(_importable)]


NO_HISTORY = gettext_lazy("Records of this kind have no history.")

__all__ = ["Draft", "Field", "Importable", "Reference", "Refused", "Run", "get", "importable", "register"]
