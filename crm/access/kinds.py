"""The kinds of record there are. Apps register theirs in `AppConfig.ready`; the kernel knows none by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm.access import addresses

if TYPE_CHECKING:
    from django.db import models


@dataclass(frozen=True)
class Kind:
    """One noun of the product: what it is called, where it is shown, and whose it can be."""

    code: str
    model: type[models.Model] | None  # None for permissions on no table, such as "settings"
    label: Any  # lazy translation, singular
    label_plural: Any
    icon: str = "file"
    detail_url: str | None = None  # URL name that takes the primary key
    granted: bool = True  # roles may grant on it; not what is as visible as the record it belongs to

    def url_for(self, record_id: int) -> str | None:
        return addresses.of_record(self.detail_url, record_id) if self.detail_url else None


_kinds: dict[str, Kind] = {}


def register(
    model: type[models.Model] | None,
    *,
    label: Any,
    label_plural: Any,
    code: str | None = None,
    icon: str = "file",
    detail_url: str | None = None,
    granted: bool = True,
) -> Kind:
    """Declare a kind of record; `model.kind` is its code. Registering the same code for another model is an error."""
    code = code or model.kind  # type: ignore[union-attr]
    known = _kinds.get(code)
    if known is not None and known.model is not model:
        raise ValueError(f"The kind {code!r} is registered for {known.model} already.")
    kind = Kind(code, model, label, label_plural, icon, detail_url, granted)
    _kinds[code] = kind
    return kind


def get(code: str) -> Kind:
    """The kind with this code; KeyError with what is known otherwise."""
    try:
        return _kinds[code]
    except KeyError:
        raise KeyError(f"There is no kind {code!r}; known: {', '.join(sorted(_kinds))}.") from None


def rows_of(code: str) -> Any:
    """The records of the kind somebody names, to be narrowed to what they may see; None where there are none such."""
    kind = _kinds.get(code)
    return getattr(kind.model, "objects", None) if kind else None


def of(record: models.Model) -> Kind:
    return get(record.kind)  # type: ignore[attr-defined]


def all_kinds() -> list[Kind]:
    return list(_kinds.values())


def choices() -> list[tuple[str, Any]]:
    return [(kind.code, kind.label) for kind in _kinds.values() if kind.granted]
