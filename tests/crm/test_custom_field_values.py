"""What a value of each type is kept as, and what is refused: without a database, but for the definitions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from crm.custom_fields import values
from crm.models.custom_field import CustomField, Option


def field(type: str) -> CustomField:
    found = CustomField(kind="customer", code="x", label="X", type=type)
    found.options = [Option("a", "Alpha", "甲", False, False), Option("b", "Beta", "乙", True, False)]
    return found


@pytest.mark.parametrize(
    ("type", "given", "kept"),
    [
        ("text", "  two   words\x00 ", "two words"),
        ("text", "", None),
        ("text", "   ", None),
        ("long_text", " a\n\nb ", "a\n\nb"),
        ("number", "0042", 42),
        ("number", 7.0, 7),
        ("number", 0, 0),
        ("decimal", "12.50", "12.5"),
        ("decimal", Decimal("-0"), "0"),
        ("decimal", 0.1, "0.1"),
        ("decimal", "1e3", "1000"),
        ("date", date(2026, 2, 3), "2026-02-03"),
        ("date", "2026-02-03", "2026-02-03"),
        ("boolean", "false", False),
        ("boolean", False, False),
        ("choice", "a", "a"),
        ("choices", ["a", "a"], ["a"]),
        ("choices", [], None),
        ("link", "https://example.com/x", "https://example.com/x"),
    ],
)
def test_a_value_is_kept_in_one_form(type, given, kept):
    found = values.kept(field(type), given)
    assert (found, found.__class__) == (kept, kept.__class__)


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("text", 5), ("text", "x" * 201), ("long_text", ["x"]), ("number", "1.5"), ("number", True),
        ("number", "1" * 16), ("number", "１２"), ("decimal", "NaN"), ("decimal", "1.0000001"), ("decimal", "1e99"),
        ("date", "31.12.2026"), ("date", "2026-02-30"), ("date", 20260101), ("boolean", "maybe"), ("boolean", 1),
        ("choice", "c"), ("choice", "b"), ("choice", ["a"]), ("choices", "a"), ("choices", ["a", "c"]),
        ("link", "javascript:alert(1)"), ("link", "example.com"), ("link", "ftp://example.com"),
    ],
)  # fmt: skip
def test_what_is_none_of_the_type_is_refused(type, given):
    with pytest.raises(ValidationError):
        values.kept(field(type), given)


def test_a_retired_choice_stays_where_it_is():
    assert values.kept(field("choice"), "b", before="b") == "b"
    assert values.kept(field("choices"), ["b", "a"], before=["b"]) == ["a", "b"]
