"""What a formula is, and what is said of one that is none: position and name. Without a database."""

from __future__ import annotations

import re

import pytest

from crm.custom_fields.formulas import compiling, functions, names, reading
from crm.custom_fields.formulas.types import Part, Type
from crm.models.custom_field import CustomField, Option
from tests.architecture.sources import ROOT

KINDS = {
    "customer": "customers",
    "contact": "contacts",
    "lead": "leads",
    "opportunity": "opportunities",
    "ticket": "tickets",
}


def field(code, type, **fields):
    return CustomField(kind="opportunity", code=code, label=code, type=type, **fields)


FIELDS = [
    field("machines", "number"), field("renewal_date", "date"), field("insured", "boolean"), field("brands", "choices"),
    field("fleet", "choice"), field("gone", "text", is_retired=True), field("amount", "number"),
    field("weighted", "formula", formula="amount", result="number"),
]  # fmt: skip
FIELDS[4].options = [Option(code, code, "", False, False) for code in ("small", "big")]


def check(text, result="number", kind="opportunity"):
    return compiling.check(kind, text, result, FIELDS)


def shape(node):
    if isinstance(node, reading.Call):
        return (node.name, *map(shape, node.args))
    return node.name if isinstance(node, reading.Name) else node.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", ("+", 1, ("*", 2, 3))),
        ("(1 + 2) * -a", ("*", ("+", 1, 2), ("negative", "a"))),
        ("8 - 4 - 2", ("-", ("-", 8, 4), 2)),
        ("not a = 1 and b <> 2 or c", ("or", ("and", ("not", ("=", "a", 1)), ("!=", "b", 2)), "c")),
        ("IF(A >= 1.50, 'x', “y”)", ("if", (">=", "a", 1.5), "x", "y")),
        ("today()", ("today",)),
        ("若" and "round（a， 2）", ("round", "a", 2)),
    ],
)  # fmt: skip
def test_operators_bind_as_everybody_expects(text, tree):
    assert shape(reading.read(text)) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Character 1: Something is missing here."),
        ("1 +", "Character 4: Something is missing here."),
        ("(1 + 2", "Character 1: This bracket is never closed."),
        ("round(1, 2", "Character 6: This bracket is never closed."),
        ("1 2", "Character 3: “2” cannot stand here."),
        ("amount.real", "Character 7: “.” cannot stand here."),
        ("__import__('os')", "Character 1: There is no function “__import__”."),
        ("a = 1 = 2", "Character 7: “=” cannot stand here."),
        ("'open", "Character 1: A quotation mark is missing."),
        ("1" * 21, "Character 1: The number is too large."),
        ("1+" * 260, "Character 501: A formula has at most 500 characters."),
        ("(" * 40 + "1" + ")" * 40, "Character 32: At most 30 steps inside each other."),
        ("1" + "+1" * 40, "Character 60: At most 30 steps inside each other."),
        ("amuont * 2", "Character 1: “amuont” is unknown. Do you mean “amount”?"),
        ("1 + password", "Character 5: “password” is unknown."),
        ("owner__password", "Character 1: “owner__password” is unknown."),
        ("rond(1)", "Character 1: There is no function “rond”. Do you mean “round”?"),
        ("round(1, 2, 3)", "Character 1: Write it as round(number, decimals)."),
        ("round(1, machines)", "Character 10: Say how many decimals with a whole number from 0 to 6."),
        ("weighted + 1", "Character 1: “weighted” is a formula: a formula counts with fields only."),
        ("1 + brands", "Character 5: “brands” has several values: a formula takes fields with one."),
        ("length(gone)", "Character 8: “gone” is retired."),
        ("name * 2", "Character 1: This is a text; a number is needed."),
        ("1 + expected_close", "Character 5: This is a date; a number is needed."),
        ("if(amount, 1, 2)", "Character 4: This is a number; yes or no is needed."),
        ("if(insured, 1, 'x')", "Character 16: This is a text; a number is needed."),
        ("insured and 1", "Character 13: This is a number; yes or no is needed."),
        ("name < 'b' ", "Character 8: Only numbers and dates are smaller or larger."),
        ("name = ''", "Character 8: Ask is_empty(…) instead."),
        ("fleet = 'huge'", "Character 9: “huge” is none of: small, big."),
        ("outcome = 'gone'", "Character 11: “gone” is none of: open, won, lost."),
        ("date('2026-02-30')", "Character 6: Write a date as date(“2026-12-31”)."),
        ("date(name)", "Character 6: Write a date as date(“2026-12-31”)."),
        ("amount * monthly_value", "Character 10: An amount can be multiplied with a number and divided, no more."),
        ("100 / amount", "Character 7: An amount can be multiplied with a number and divided, no more."),
        ("add_days(today(), amount)", "Character 19: An amount can be multiplied with a number and divided, no more."),
        ("upper(name)", "Character 1: The formula gives a text, and the field is to hold a number."),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_its_place_and_its_name(text, said):
    with pytest.raises(reading.Refused) as refused:
        check(text)
    assert str(refused.value) == said


def test_names_are_kept_in_full_and_what_is_read_is_known():
    text = "if(insured, days_between(today(), renewal_date), Amount * machines) + custom_amount"
    with pytest.raises(reading.Refused):
        check("days_between(today(), renewal_dat)")
    assert check("amount * MACHINES / 100 + custom_amount") == (
        "amount * custom_machines / 100 + custom_amount", ["amount", "custom_amount", "custom_machines"],
    )  # fmt: skip
    assert check(text).text == (
        "if(custom_insured, days_between(today(), custom_renewal_date), amount * custom_machines) + custom_amount"
    )


def test_amounts_of_two_currencies_are_not_put_together():
    ours, theirs = (Part(Type.NUMBER, None, at=1, currency=""), Part(Type.NUMBER, None, at=9, currency="currency"))
    plain = Part(Type.NUMBER, None)
    for act in (
        lambda: functions.OPERATORS["+"]("+", ours, theirs),
        lambda: functions.OPERATORS["/"]("/", ours, theirs),
        lambda: functions.OPERATORS["<"]("<", ours, theirs),
        lambda: functions.FUNCTIONS["coalesce"].build(ours, theirs),
    ):
        with pytest.raises(reading.Refused) as refused:
            act()
        assert str(refused.value) == "Character 9: Amounts of two currencies cannot be put together."

    def currency(text):
        return compiling.build(reading.read(text), "opportunity", {each.code: each for each in FIELDS}).currency

    found = ["amount - monthly_value * 12", "amount * probability / 100", "amount + 500", "if(insured, amount, 0)"]
    assert [currency(text) for text in found] == ["currency"] * 4
    assert (currency("amount / monthly_value"), currency("machines * 2")) == (None, None)
    assert functions.OPERATORS["*"]("*", plain, ours).currency == ""


def test_the_handbook_lists_every_function_and_what_formulas_may_name():
    told = (ROOT / "docs" / "administrators.md").read_text()
    for kind, plural in KINDS.items():
        listed = re.search(rf"^\| {plural} \| ((?:name|number), .*) \|$", told, re.MULTILINE)[1]
        assert re.sub(r" \([^)]*\)", "", listed).split(", ") == list(names.declared(kind))
        assert not {"password", "owner", "custom", "notes", "sort_name"} & set(names.declared(kind))
    assert [each.usage for each in functions.FUNCTIONS.values() if f"`{each.usage}`" not in told] == []
