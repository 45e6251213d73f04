"""What becomes of the rows of a file on their way to records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models


class Refused(Exception):
    """One row cannot be imported. `field` is the field's name, or nothing when it concerns the whole row."""

    def __init__(self, reason: Any, field: str = "") -> None:
        self.reason, self.field = str(reason), field
        super().__init__(self.reason)


class LeftOut(Refused):
    """The profile says that rows like this one are not imported."""


@dataclass
class Step:
    """One moment of a record's history, as a row tells of it. Without `at` the row does not say when."""

    row: int
    at: datetime | None
    values: dict[str, Any]
    kept: dict[str, str] = field(default_factory=dict)


@dataclass
class Row:
    """A row of the file: its number and cells, then what the profile makes of them."""

    number: int
    cells: list[str]
    bunch: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    problems: list[Refused] = field(default_factory=list)
    outcome: str = ""
    reason: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    record_id: int | None = None
    twin: int = 0  # the earlier row that says the same of the same record

    def settle(self, outcome: str, reason: str = "", changes: dict[str, Any] | None = None) -> None:
        self.outcome, self.reason, self.changes = outcome, reason, changes or {}


@dataclass
class Draft:
    """A record as the file wants it: one row, or the rows of one bunch."""

    rows: list[Row]
    values: dict[str, Any]
    steps: list[Step]
    record: Any = None
    is_new: bool = False
    before: dict[str, Any] = field(default_factory=dict)  # all columns, of a record that exists
    changes: dict[str, list[Any]] = field(default_factory=dict)  # as people read them
    changed_columns: list[str] = field(default_factory=list)
    parts: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)  # what a kind remembers between its methods
    problems: list[Refused | ValidationError] = field(default_factory=list)

    def settle(self, outcome: str, reason: str = "") -> None:
        for row in self.rows:
            row.settle(outcome, reason)

    @property
    def wrong_fields(self) -> set[str]:
        """Fields of which something is said already."""
        return {problem.field for problem in self.problems if isinstance(problem, Refused)}


@dataclass
class Run:
    """One pass over a file. `is_dry` writes nothing; everything else is the same."""

    user: Any
    at: datetime
    is_dry: bool
    profile: Any
    known: dict[tuple[str, ...], tuple[int, Any]] = field(default_factory=dict)  # identities met so far
    made: dict[tuple[str, ...], models.Model] = field(default_factory=dict)  # configuration the run created
    caches: dict[str, Any] = field(default_factory=dict)
    pointed_at: set[tuple[str, str]] = field(default_factory=set)  # by rows of the file: by which field, which text
    failed: dict[int, tuple[str, str]] = field(default_factory=dict)  # rows that became no record, by number
