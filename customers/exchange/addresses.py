"""Further emails and phones, and tags, as columns of a file: several in one cell, with a semicolon between them."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from crm.exchange import storing
from crm.exchange.declaring import Field, Importable
from crm.exchange.drafts import Draft, LeftOut, Refused, Run
from customers.actions import contact_points, tags
from customers.exchange import alike
from customers.models import ContactPoint, ErasedAddress, Tag, tidy
from customers.models.contact_point import IN_A_FIELD, key_of
from customers.models.erasure import digest_of
from customers.models.tag import key_of as key_of_tag

FURTHER = {"further_emails": "email", "further_phones": "phone"}
TAGS_COLUMN = Field(
    "tags", _("tags"), stored=False, help=_("Several with a semicolon between them; new ones are made.")
)
FURTHER_COLUMNS = (
    Field("further_emails", _("further emails"), stored=False, help=_("Several with a semicolon between them.")),
    Field("further_phones", _("further phones"), stored=False, help=_("Several with a semicolon between them.")),
    TAGS_COLUMN,
)
SEVERAL = re.compile(r"[;；\n]")


class TagsImport(Importable):
    """The tags that a row names are added; none is taken off."""

    def begin(self, run: Run) -> None:
        super().begin(run)
        run.caches["tags"] = {tag.key: tag for tag in Tag.objects.all()}

    def fill(self, record: Any, draft: Draft, run: Run) -> None:
        super().fill(record, draft, run)
        draft.notes["tags_before"] = _names(record.tags, run)
        if not draft.values.get("tags"):
            return
        names = {key_of_tag(name): name for name in _several(draft.values["tags"])}
        wanted = [self._tag(key, name, run) for key, name in names.items()]
        record.tags = sorted({*record.tags, *(tag.pk for tag in wanted)})

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        found = super().differs(draft, run)
        if not draft.values.get("tags"):
            return found
        before = draft.notes["tags_before"]
        now = list(dict.fromkeys([*before, *_several(draft.values.get("tags"))]))
        if {key_of_tag(name) for name in now} != {key_of_tag(name) for name in before}:
            found["tags"] = ["; ".join(before), "; ".join(now)]
        return found

    def _tag(self, key: str, name: str, run: Run) -> Tag:
        """One that is not there yet is made, but only when the rows are written."""
        known: dict[str, Tag] = run.caches["tags"]
        if key not in known:
            known[key] = Tag(pk=-1 - len(known), name=name) if run.is_dry else tags.named(name, by=run.user, at=run.at)
        return known[key]


class AddressesImport(TagsImport):
    """What a row says besides is added; nothing that is known already is taken away."""

    def begin(self, run: Run) -> None:
        super().begin(run)
        note_erased(run)

    def compare(self, number: int, values: dict[str, Any], run: Run) -> str:
        return alike.compared(number, values, run)

    def fill(self, record: Any, draft: Draft, run: Run) -> None:
        leave_out_erased(draft, run)
        super().fill(record, draft, run)

    def differs(self, draft: Draft, run: Run) -> dict[str, list[Any]]:
        found = super().differs(draft, run)
        for column, type in FURTHER.items():
            if values := self._further(draft, column, type):
                found[column] = [None, "; ".join(values)]
        return found

    def insert(self, drafts: list[Draft], run: Run) -> None:
        super().insert(drafts, run)
        self._add(drafts, run)

    def save(self, drafts: list[Draft], run: Run) -> None:
        super().save(drafts, run)
        contact_points.follow([each.record for each in drafts if set(IN_A_FIELD) & set(each.changed_columns)])
        self._add([draft for draft in drafts if set(FURTHER) & set(draft.changes)], run)

    def parts(self) -> dict[str, Any]:
        return {**super().parts(), "points": ContactPoint}

    def put_back(self, ids: list[int]) -> None:
        super().put_back(ids)
        records: Any = self.model._base_manager.filter(pk__in=ids)
        contact_points.follow(records)

    def _further(self, draft: Draft, column: str, type: str) -> list[str]:
        """Those of the row that the record does not have yet, in the form in which they are kept."""
        given = [tidy.fields({type: value})[type] for value in _several(draft.values.get(column))]
        if not given:
            return []
        if type == "email":
            _refuse_wrong(given, column)
        known = {key_of(type, getattr(draft.record, type))}
        if not draft.is_new:
            known |= {point.key for point in draft.record.points.all()}
        return list(dict.fromkeys(value for value in given if key_of(type, value) not in known))

    def _add(self, drafts: list[Draft], run: Run) -> None:
        rows = [
            (draft, type, value)
            for draft in drafts
            for column, type in FURTHER.items()
            for value in self._further(draft, column, type)
        ]
        keys = storing.add(
            ContactPoint,
            (str(self.model.kind), "type", "value", "key", "added_at"),  # type: ignore[attr-defined]
            [(draft.record.pk, type, value, key_of(type, value), run.at) for draft, type, value in rows],
        )
        for (draft, _type, _value), key in zip(rows, keys, strict=True):
            draft.parts.setdefault("points", []).append(key)


def _several(text: Any) -> list[str]:
    if not text:
        return []
    parts = (tidy.one_line(part) for part in SEVERAL.split(str(text)))
    return [part for part in parts if part]


def _names(numbers: list[int], run: Run) -> list[str]:
    by_number = {tag.pk: tag.name for tag in run.caches["tags"].values()} if numbers else {}
    return [by_number[number] for number in numbers if number in by_number]


def _refuse_wrong(emails: list[str], column: str) -> None:
    for email in emails:
        try:
            validate_email(email)
        except ValidationError:
            raise Refused(__("%(value)s is not an email address.") % {"value": email}, column) from None


def note_erased(run: Run) -> None:
    """What people had erased: few, so they are read once for each chunk."""
    run.caches["erased"] = set(ErasedAddress.objects.values_list("digest", flat=True))


def leave_out_erased(draft: Draft, run: Run) -> None:
    """An old file does not bring back who asked to be erased; by hand somebody who comes again can be written down."""
    if not run.caches["erased"]:
        return
    for column, type in (("email", "email"), ("phone", "phone"), *FURTHER.items()):
        for value in _several(draft.values.get(column)):
            if digest_of(type, value) in run.caches["erased"]:
                raise LeftOut(__("This address was erased because the person asked for it."), column)
