"""Plain phone numbers are read without the library, and exactly as the library reads them."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from crm.search import lexemes, phones
from customers.models import tidy


def by_the_library(number: str) -> str:
    try:
        return str(phonenumbers.parse(number, None).national_number)
    except phonenumbers.NumberParseException:
        return ""


def random_numbers(count: int) -> list[str]:
    dice = random.Random(7)
    codes = [*phonenumbers.COUNTRY_CODE_TO_REGION_CODE, 0, 99, 210, 999]
    starts = ["", "0", "00", "1", "8", "15"]
    return [
        f"+{dice.choice(codes)}{dice.choice(starts)}{dice.randrange(10 ** dice.randint(1, 13))}" for _ in range(count)
    ]


def test_national_numbers_agree_with_the_library():
    numbers = random_numbers(5000)
    assert sum(map(phones.is_plain, numbers)) > 1000
    assert [(each, phones.national(each)) for each in numbers] == [(each, by_the_library(each)) for each in numbers]


def test_a_plain_number_is_what_the_library_would_write():
    for number in filter(phones.is_plain, random_numbers(5000)):
        parsed = phonenumbers.parse(number, None)
        if phonenumbers.is_possible_number(parsed):
            assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == number


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+49 (0)30 901820", "+4930901820"),
        ("0049 30 901820", "+4930901820"),
        ("+4930901820", "+4930901820"),
        ("+44 020 7946 0958", "+442079460958"),
        ("+999 12", "+999 12"),
        ("extension 12", "extension 12"),
    ],
)
def test_numbers_are_kept_in_one_form(typed, kept):
    assert tidy.phone(typed) == kept


@pytest.mark.parametrize(
    "number", ["+4930901820", "030 901820", "0049 30 901820", "+390612345678", "+54 9 11 2345 6789"]
)
def test_a_number_is_found_by_its_end_in_every_form(number):
    backwards = [lexeme[1:] for lexeme in lexemes.of_phone(number) if lexeme.startswith("<")]
    forms = lexemes.forms_of(number)

    assert all(any(kept.startswith(form[::-1]) for kept in backwards) for form in forms)


def test_of_the_ends_of_a_number_only_the_longest_is_kept():
    assert sorted(lexemes.of_phone("+4930901820")) == ["30901820", "4930901820", "<0281090394"]
