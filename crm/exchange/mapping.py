"""Rows to values, as the profile says. Nothing here asks the database."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from crm.exchange.converting import AS_WRITTEN, convert
from crm.exchange.drafts import LeftOut, Refused, Row, Step
from crm.exchange.profiles import PLACE, Profile, Source, StepSource

REMEMBERED = 20_000


class Mapper:
    """Reads rows of one file by one profile."""

    def __init__(self, profile: Profile, heads: list[str]) -> None:
        self.profile = profile
        self.heads = heads
        self.places = {head: place for place, head in enumerate(heads)}
        self.unknown = set(profile.content.get("unknown", ()))
        self.remembered: dict[tuple[int, str], Any] = {}

    def read(self, row: Row) -> Row:
        """Fill in the row's values and history, and all that is wrong with them; what is wrong is no value."""
        if len(row.cells) != len(self.heads):
            said = {"has": len(row.cells), "wants": len(self.heads)}
            row.problems = [Refused(_("The row has %(has)s cells, the file has %(wants)s columns.") % said)]
            return row
        for source in self.profile.sources:
            row.values[source.field.name] = self._tried(row, source)
        try:
            if not row.problems:
                self._leave_out(row)
        except LeftOut as problem:
            row.problems = [problem]
            return row
        row.steps = [step for each in self.profile.steps if (step := self._step(row, each)) is not None]
        self._take_line(row)
        return row

    def identity(self, row: Row) -> tuple[Any, ...]:
        """What tells records of this file apart, before anything is looked up."""
        return tuple(row.values.get(name) for name in self.profile.identity)

    def text(self, row: Row, source: Source) -> str:
        """The text a value is read from; empty where it is unknown."""
        if source.constant is not None:
            text = source.constant
        elif source.column:
            text = row.cells[self.places[source.column]]
        else:
            text = self._filled(row, source)
        if text in source.values:
            return source.values[text]
        if source.only_values and text and text not in source.unknown:
            raise Refused(_("The profile does not say what “%(text)s” means.") % {"text": text}, source.field.name)
        return source.otherwise if not text or text in source.unknown else text

    def _filled(self, row: Row, source: Source) -> str:
        """A template with the cells in its places, each translated by itself; empty when all of them are."""
        cells = {name: row.cells[self.places[name]] for name in source.columns}
        known = {name: source.values.get(cell, "" if cell in source.unknown else cell) for name, cell in cells.items()}
        if not any(known.values()):
            return ""
        return " ".join(PLACE.sub(lambda match: known[match[1]], source.template).split())

    def _tried(self, row: Row, source: Source) -> Any:
        try:
            return self._value(row, source)
        except Refused as problem:
            row.problems.append(problem)
            return None

    def _value(self, row: Row, source: Source) -> Any:
        text = self.text(row, source)
        if not text:
            return None
        if source.field.type in AS_WRITTEN:
            return text
        key = (id(source), text)
        if key not in self.remembered:
            if len(self.remembered) > REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = convert(text, source)
        return self.remembered[key]

    def _leave_out(self, row: Row) -> None:
        for name in self.profile.skip_without:
            if row.values[name] is None:
                field = self.profile.kind.field(name)
                label = field.label if field else name
                raise LeftOut(_("%(field)s is not known; the profile leaves such rows out.") % {"field": label}, name)

    def _take_line(self, row: Row) -> None:
        """A line is no value of the record; a row that says nothing of one brings none."""
        line = {source.field.name: row.values.pop(source.field.name) for source in self.profile.lines}
        if any(value is not None for value in line.values()):
            row.steps.append(Step(row.number, None, line))

    def _step(self, row: Row, each: StepSource) -> Step | None:
        if each.column and row.cells[self.places[each.column]] not in each.values:
            return None
        values = {source.field.name: self._tried(row, source) for source in each.sources}
        at = values.pop("at", None)
        if at is None and not each.undated and not row.problems:
            said = _("When it happened is not known, and the profile does not allow that.")
            row.problems.append(Refused(said, "at"))
        kept = {
            column: cell
            for column in self.profile.keep
            if (cell := row.cells[self.places[column]]) and cell not in self.unknown
        }
        return Step(row.number, at, values, kept)
