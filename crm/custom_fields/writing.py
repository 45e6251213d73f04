"""From what somebody gives to what a record keeps: by code, known, valid. Errors name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.custom_fields import known, values
from crm.custom_fields.known import PREFIX
from crm.models.custom_field import CustomField, Whole


def change(kind: str, given: Any, before: Mapping[str, Any], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Each value that is given as it will be kept, None where it is taken away; the others stay as they are.

    `before` is what the record holds, `base` what its editor had before them: either may be sent back as it is.
    """
    if not isinstance(given, Mapping):
        raise ValidationError({"custom": _("Custom fields are an object with a value for each code.")})
    is_restoring = isinstance(given, Whole)
    if is_restoring:
        given = {**dict.fromkeys(before), **given}
    fields = known.by_code(kind)
    found, errors = {}, {}
    for code, value in given.items():
        if value == before.get(code) or (base is not None and code in base and value == base[code]):
            found[code] = value
            continue
        try:
            field = _writable(fields, code, is_restoring)
            # What is put back may be a choice that is retired by now.
            was = value if is_restoring and field.is_choosing else before.get(code)
            found[code] = values.kept(field, value, before=was)
        except ValidationError as error:
            errors[f"{PREFIX}{code}"] = error.messages
    if errors:
        raise ValidationError(errors)
    return found


def for_new(kind: str, given: Any) -> dict[str, Any]:
    """What a new record holds: what is given, and the defaults of what is not spoken of."""
    said = change(kind, given, {})
    for field in known.filled(kind):
        if field.code not in said:
            said[field.code] = values.default_of(field)
    return without_nothing(said)


def missing(kind: str, held: Mapping[str, Any]) -> list[CustomField]:
    """The required fields in which nothing stands."""
    return [field for field in known.filled(kind) if field.is_required and held.get(field.code) is None]


def handed_on(record: Any, kind: str) -> dict[str, Any]:
    """What a record of another kind takes over: the fields of the same code and type, as far as they fit there."""
    ours, found = known.by_code(record.kind), {}
    for field in known.filled(kind):
        source = ours.get(field.code)
        if source is None or source.type != field.type:
            continue
        try:
            found[field.code] = values.kept(field, custom_of(record).get(field.code))
        except ValidationError:
            continue  # a choice that is not offered there
    return without_nothing(found)


def merged(held: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    return without_nothing({**held, **change})


def without_nothing(held: Mapping[str, Any]) -> dict[str, Any]:
    return {code: value for code, value in held.items() if value is not None}


# A custom value among the fields of a record, by the name they have beside each other ---------------------------------


def is_custom(record: Any, name: str) -> bool:
    model: Any = type(record)
    return name.startswith(PREFIX) and known.takes(model)


def held(record: Any, name: str) -> Any:
    """What the record holds in a field of this name, its own or a custom one."""
    if is_custom(record, name):
        return custom_of(record).get(name.removeprefix(PREFIX))
    return getattr(record, name)


def put(record: Any, name: str, value: Any) -> None:
    if is_custom(record, name):
        record.custom = merged(custom_of(record), {name.removeprefix(PREFIX): value})
    else:
        setattr(record, name, value)


def custom_of(record: Any) -> dict[str, Any]:
    return record.custom if isinstance(record.custom, dict) else {}


def side_by_side(fields: Mapping[str, Any]) -> dict[str, Any]:
    """{"name": …, "custom": {"budget": …}} as {"name": …, "custom_budget": …}."""
    flat = {name: value for name, value in fields.items() if name != "custom"}
    return flat | {f"{PREFIX}{code}": value for code, value in (fields.get("custom") or {}).items()}


def _writable(fields: Mapping[str, CustomField], code: Any, is_restoring: bool) -> CustomField:
    field = fields.get(code)
    if field is None:
        raise ValidationError(_("There is no custom field “%(code)s”.") % {"code": str(code)[:80]})
    if field.is_computed:
        raise ValidationError(_("This field is a formula: nothing is written in it."))
    if field.is_retired and not is_restoring:
        raise ValidationError(_("This field is retired: nothing new is written in it."))
    return field
