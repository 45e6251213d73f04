"""From a formula to one expression of the database, checked on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from django.db.models import Value
from django.utils.translation import gettext as _

from crm.custom_fields.formulas import expressions as sql
from crm.custom_fields.formulas import names
from crm.custom_fields.formulas.functions import FUNCTIONS, OPERATORS
from crm.custom_fields.formulas.reading import Call, Literal, Name, Node, Refused, names_in, read
from crm.custom_fields.formulas.types import Part, Type
from crm.models.custom_field import CustomField

Fields = Mapping[str, CustomField]


class Checked(NamedTuple):
    """A formula as it is kept: with every name in full, and the names it reads."""

    text: str
    reads: list[str]


def check(kind: str, text: str, result: str, fields: Iterable[CustomField]) -> Checked:
    """Before a formula is kept: `Refused` says what is wrong, and where. `fields` are those of the kind."""
    tree, of_kind = read(text), {field.code: field for field in fields}
    found = build(tree, kind, of_kind)
    if found.type != Type(result):
        said = _("The formula gives %(found)s, and the field is to hold %(wanted)s.")
        raise Refused(said % {"found": found.type.told, "wanted": Type(result).told}, 1)
    reads = []
    for name in sorted(names_in(tree), key=lambda name: -name.at):
        full, _part = names.find(kind, name.name, name.at, of_kind)
        field = of_kind.get(full.removeprefix(names.PREFIX)) if full.startswith(names.PREFIX) else None
        if field is not None and field.is_retired:
            raise Refused(_("“%(name)s” is retired.") % {"name": name.name}, name.at)
        text = text[: name.at - 1] + full + text[name.at - 1 + len(name.name) :]
        reads.append(full)
    if len(text) > CustomField.LONGEST_FORMULA:
        raise Refused(_("A formula has at most %(count)s characters.") % {"count": CustomField.LONGEST_FORMULA}, 1)
    return Checked(text, sorted(set(reads)))


def compiled(field: CustomField, fields: Fields) -> Part:
    """What a formula that was kept works out. One that means nothing any more gives nothing."""
    type = Type(field.result)
    try:
        found = build(read(field.formula), field.kind, fields)
    except Refused:
        return Part(type, Value(None, type.output))
    if found.type != type:
        return Part(type, Value(None, type.output))
    finish: Any = {Type.NUMBER: sql.result_number, Type.TEXT: sql.result_text}.get(type, lambda part: part)
    return replace(found, expression=finish(found.expression))


def means_something(formula: CustomField, fields: Fields) -> bool:
    """Whether a formula that was kept could be kept again with these fields."""
    try:
        return build(read(formula.formula), formula.kind, fields).type == Type(formula.result)
    except Refused:
        return False


def build(node: Node, kind: str, fields: Fields) -> Part:
    if isinstance(node, Literal):
        return Part(_type_of(node.value), sql.literal(node.value), at=node.at, literal=node.value)
    if isinstance(node, Name):
        return replace(names.find(kind, node.name, node.at, fields)[1], at=node.at)
    return replace(_called(node, [build(arg, kind, fields) for arg in node.args]), at=node.at)


def _called(node: Call, parts: list[Part]) -> Part:
    if node.name in OPERATORS:
        return OPERATORS[node.name](node.name, *parts)
    function = FUNCTIONS.get(node.name)
    if function is None:
        close = get_close_matches(node.name, FUNCTIONS, n=1)
        if close:
            said = _("There is no function “%(name)s”. Do you mean “%(other)s”?")
            raise Refused(said % {"name": node.name, "other": close[0]}, node.at)
        raise Refused(_("There is no function “%(name)s”.") % {"name": node.name}, node.at)
    if not function.least <= len(parts) <= function.most:
        raise Refused(_("Write it as %(usage)s.") % {"usage": function.usage}, node.at)
    return function.build(*parts)


def _type_of(value: Decimal | str | bool) -> Type:
    if isinstance(value, bool):
        return Type.YES_NO
    return Type.TEXT if isinstance(value, str) else Type.NUMBER
