"""Profiles: how the columns of a file become fields. The same content in a TOML file, in the wizard and in a batch."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as defaulted
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from crm.exchange import declaring
from crm.exchange.declaring import Field, Importable
from crm.exchange.unusable import Unusable
from crm.joining import clauses, listed

EXISTING = ("update", "skip", "error")
KEYS = {
    "kind", "name", "encoding", "separator", "sheet", "time_zone", "dates", "decimal", "unknown", "identity",
    "existing", "ignore", "keep", "skip_without", "create_missing", "fields", "history",
}  # fmt: skip
SOURCE_KEYS = {
    "column", "constant", "template", "values", "only_values", "unknown", "dates", "time_zone", "decimal", "multiply",
    "by", "match", "optional", "overwrite", "overwrite_with_empty",
    "otherwise",
}  # fmt: skip
STEP_KEYS = {"when", "undated", "fields"}
PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Source:
    """Where the value of one field comes from, and how it is read."""

    field: Field
    column: str = ""
    constant: str | None = None
    template: str = ""
    values: dict[str, str] = defaulted(default_factory=dict)
    only_values: bool = False
    unknown: tuple[str, ...] = ()
    otherwise: str = ""  # what stands for an empty cell, because the profile says so
    dates: str = ""
    zone: zoneinfo.ZoneInfo | None = None
    decimal: str = "."
    multiply: Decimal | None = None
    by: str = ""
    loosely: bool = False
    optional: bool = False
    overwrite: bool = True
    overwrite_with_empty: bool = False

    @property
    def columns(self) -> list[str]:
        return [self.column] if self.column else PLACE.findall(self.template)


@dataclass(frozen=True)
class StepSource:
    """One moment of history that a row may tell of: when `column` has one of `values`."""

    sources: tuple[Source, ...]
    column: str = ""
    values: tuple[str, ...] = ()
    undated: bool = False


@dataclass(frozen=True)
class Profile:
    kind: Importable
    sources: tuple[Source, ...]
    steps: tuple[StepSource, ...]
    identity: tuple[str, ...]
    existing: str
    keep: tuple[str, ...]
    skip_without: tuple[str, ...]
    create_missing: frozenset[str]
    content: dict[str, Any]

    @cached_property
    def lines(self) -> tuple[Source, ...]:
        """What each row says of one line of its record."""
        return tuple(source for source in self.sources if source.field.line)

    @cached_property
    def pointers(self) -> tuple[Source, ...]:
        """What may name another row of the file: it points at records of the kind itself."""
        model = self.kind.model
        return tuple(each for each in self.sources if each.field.reference and each.field.reference.model is model)

    @property
    def in_bunches(self) -> bool:
        """Whether several rows of the file can be one record."""
        return self.kind.has_history or bool(self.lines)

    def source(self, name: str) -> Source | None:
        return next((source for source in self.sources if source.field.name == name), None)


def read(text: str) -> dict[str, Any]:
    """The content of a profile file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(_("The profile is not proper TOML: %(error)s.") % {"error": error}) from None


def named(content: dict[str, Any]) -> frozenset[str]:
    """The fields that a profile maps columns to, or gives a value."""
    parts = [content, *content.get("history", [])]
    return frozenset(name for part in parts if isinstance(part, dict) for name in part.get("fields", {}))


def understand(kind: Importable, content: dict[str, Any], heads: Iterable[str]) -> Profile:
    """The profile as the import uses it, if it says enough about this file; else `Unusable`."""
    heads = list(heads)
    _refuse_unknown(content, KEYS | kind.profile_keys, _("the profile"))
    if content.get("kind", kind.code) != kind.code:
        raise Unusable(_("This is a profile for %(kind)s.") % {"kind": content["kind"]})
    sources = tuple(_source(kind, name, given, content) for name, given in content.get("fields", {}).items())
    steps = tuple(_step(kind, given, content) for given in content.get("history", []))
    if steps and not kind.has_history:
        raise Unusable(str(declaring.NO_HISTORY))
    profile = Profile(
        kind=kind,
        sources=sources,
        steps=steps,
        identity=_identity(kind, sources, content.get("identity")),
        existing=_one_of("existing", content.get("existing", "update"), EXISTING),
        keep=tuple(content.get("keep", ())),
        skip_without=tuple(content.get("skip_without", ())),
        create_missing=frozenset(content.get("create_missing", ())),
        content=content,
    )
    _check_columns(profile, heads, content.get("ignore", []))
    _check_fields(profile)
    return profile


def _source(kind: Importable, name: str, given: Any, content: dict[str, Any]) -> Source:
    found = kind.field(name)
    if found is None:
        known = listed(each.name for each in kind.fields)
        raise Unusable(_("There is no field %(name)s; there are: %(known)s.") % {"name": name, "known": known})
    given = {"column": given} if isinstance(given, str) else dict(given)
    _refuse_unknown(given, SOURCE_KEYS, name)
    if sum(key in given for key in ("column", "constant", "template")) != 1:
        raise Unusable(_("Field %(name)s needs a column, a constant or a template: one of them.") % {"name": name})
    if "by" in given and (found.reference is None or given["by"] not in found.reference.by):
        raise Unusable(_("Field %(name)s cannot be found by %(by)s.") % {"name": name, "by": given["by"]})
    return Source(
        field=found,
        column=given.get("column", ""),
        constant=str(given["constant"]) if "constant" in given else None,
        template=given.get("template", ""),
        values={str(key): str(value) for key, value in given.get("values", {}).items()},
        only_values=bool(given.get("only_values", False)),
        unknown=tuple(given.get("unknown", content.get("unknown", ()))),
        otherwise=str(given.get("otherwise", "")),
        dates=str(given.get("dates", content.get("dates", ""))),
        zone=_zone(given.get("time_zone", content.get("time_zone", settings.TIME_ZONE))),
        decimal=_one_of("decimal", given.get("decimal", content.get("decimal", ".")), (".", ",")),
        multiply=_number(given["multiply"]) if "multiply" in given else None,
        by=given.get("by", found.reference.by[0] if found.reference else ""),
        loosely=_one_of("match", given.get("match", "exact"), ("exact", "loose")) == "loose",
        optional=bool(given.get("optional", False)),
        overwrite=bool(given.get("overwrite", True)),
        overwrite_with_empty=bool(given.get("overwrite_with_empty", False)),
    )


def _step(kind: Importable, given: dict[str, Any], content: dict[str, Any]) -> StepSource:
    _refuse_unknown(given, STEP_KEYS, "history")
    when = given.get("when", {})
    sources = tuple(_source(kind, name, each, content) for name, each in given.get("fields", {}).items())
    if not any(source.field.name == "at" for source in sources) and not given.get("undated"):
        raise Unusable(_("A history entry needs “at”, or “undated = true” where the file does not say when."))
    return StepSource(sources, when.get("column", ""), tuple(when.get("is", ())), bool(given.get("undated", False)))


def _identity(kind: Importable, sources: tuple[Source, ...], given: list[str] | None) -> tuple[str, ...]:
    """What tells that a row is a record we know: as the profile says, or the best way the columns allow."""
    mapped = {source.field.name for source in sources}
    if given is not None:
        if tuple(given) not in kind.identities:
            known = clauses(listed(each) for each in kind.identities)
            raise Unusable(_("Records are told apart by one of: %(known)s.") % {"known": known})
        if set(given) - mapped and not set(given) & mapped:
            raise Unusable(_("The profile does not say where %(name)s comes from.") % {"name": listed(given)})
        return tuple(given)
    for each in kind.identities:
        if set(each) <= mapped:
            return each
    names = [listed(_label(kind, name) for name in each) for each in kind.identities]
    if len(names) == 1:
        said = _("Choose the column for %(name)s: it tells which rows are records that exist already.")
        raise Unusable(said % {"name": names[0]})
    said = _("Choose the column for one of these: %(names)s. It tells which rows are records that exist already.")
    raise Unusable(said % {"names": clauses(names)})


def _label(kind: Importable, name: str) -> str:
    found = kind.field(name)
    return str(found.label) if found else name


def _check_columns(profile: Profile, heads: list[str], ignored: list[str]) -> None:
    """Every column is used, kept or ignored by name: nothing falls by the wayside without being written down."""
    used = [column for source in _all_sources(profile) for column in source.columns]
    used += [step.column for step in profile.steps if step.column] + list(profile.keep)
    missing = [column for column in dict.fromkeys(used) if column not in heads]
    if missing:
        raise Unusable(_("The file has no column %(missing)s.") % {"missing": listed(missing)})
    silent = [head for head in heads if head not in used and head not in ignored]
    if silent:
        raise Unusable(
            _("The profile says nothing about: %(silent)s. Use, keep or ignore each column.")
            % {"silent": listed(silent)}
        )


def _check_fields(profile: Profile) -> None:
    mapped = {source.field.name for source in profile.sources}
    for name in profile.skip_without:
        if name not in mapped:
            raise Unusable(_("The profile does not say where %(name)s comes from.") % {"name": name})
    if profile.keep and not profile.kind.keeps:
        raise Unusable(_("Records of this kind have no place to keep other columns."))
    for noun in profile.create_missing - profile.kind.creatable:
        raise Unusable(_("An import of this kind cannot create %(noun)s.") % {"noun": noun})


def _all_sources(profile: Profile) -> Iterable[Source]:
    yield from profile.sources
    for step in profile.steps:
        yield from step.sources


def _refuse_unknown(given: dict[str, Any], known: set[str], where: str) -> None:
    extra = sorted(set(given) - known)
    if extra:
        raise Unusable(_("In %(where)s nothing is called %(names)s.") % {"where": where, "names": listed(extra)})


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Unusable(_("%(name)s is one of: %(allowed)s.") % {"name": name, "allowed": listed(allowed)})
    return str(value)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise Unusable(_("There is no time zone %(name)s.") % {"name": name}) from None


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Unusable(_("%(value)s is not a number.") % {"value": value}) from None
