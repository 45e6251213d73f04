"""What a part of a formula is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.custom_fields.formulas import expressions
from crm.models.custom_field import CustomField

OWN_CURRENCY = ""  # the organisation's


class Type(StrEnum):
    NUMBER = CustomField.Result.NUMBER
    TEXT = CustomField.Result.TEXT
    DATE = CustomField.Result.DATE
    YES_NO = CustomField.Result.BOOLEAN

    @property
    def told(self) -> Any:
        return NOUNS[self]

    @property
    def output(self) -> models.Field:
        return OUTPUTS[self]


NOUNS = {Type.NUMBER: _("a number"), Type.TEXT: _("a text"), Type.DATE: _("a date"), Type.YES_NO: _("yes or no")}
OUTPUTS = {
    Type.NUMBER: expressions.NUMBER,
    Type.TEXT: expressions.TEXT,
    Type.DATE: expressions.DAY,
    Type.YES_NO: expressions.YES_NO,
}


@dataclass(frozen=True)
class Part:
    """A part of a formula, worked out: what the database is asked, and what its answer is.

    `currency` makes a number an amount: the name of the column that says which currency, or the organisation's own.
    `codes` are what a field to choose from can be; `literal` what stands in the formula itself.
    """

    type: Type
    expression: Any
    at: int = 0
    currency: str | None = None
    codes: Sequence[str] | None = None
    literal: Any = None
