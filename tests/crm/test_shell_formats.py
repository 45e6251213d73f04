from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from crm.web import formats

NOW = datetime(2026, 5, 13, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234.5"), "EUR", "€1,234.50"),
        (Decimal("-3"), "USD", "−$3.00"),
        (Decimal("1000"), "JPY", "JP¥1,000"),
        (Decimal("12"), "PLN", "12.00\u00a0PLN"),
        (None, "EUR", "–"),
    ],
)
def test_money_carries_its_currency(amount, currency, text):
    assert formats.money(amount, currency) == text


def test_yuan_are_written_as_their_readers_write_them():
    with translation.override("zh-hans"):
        assert formats.money(Decimal("88"), "CNY") == "¥88.00"
        assert formats.money(Decimal("88"), "USD") == "US$88.00"


def test_percent_and_percentage_points_look_different():
    assert formats.percent(0.125) == "12.5%"
    assert formats.points(0.023) == "+2.3\u202fpp"
    assert formats.points(-0.023) == "−2.3\u202fpp"
    assert formats.points(0) == "±0.0\u202fpp"
    assert formats.change(0.125) == "+12.5%"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (8100, "2 h 15 min"),
        (86400, "1 d"),
        (90061, "1 d 1 h"),
        (-3600, "−1 h"),
        (timedelta(hours=3), "3 h"),
        (None, "–"),
    ],
)
def test_a_duration_is_its_two_largest_units(seconds, text):
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(minutes=-30), "in 30 minutes"),
        (timedelta(days=31), "April 12, 2026"),
    ],
)
def test_relative_time_turns_into_a_date_after_a_month(delta, text):
    assert formats.relative(NOW - delta, NOW) == text


def test_exact_time_names_its_zone():
    assert formats.exact(NOW) == "May 13, 2026, noon UTC"
    assert formats.exact_date(date(2026, 5, 13)) == "May 13, 2026"


@pytest.mark.parametrize(
    ("name", "text"), [("Anna Snelling", "AS"), ("anna", "A"), ("张小伟", "小伟"), ("张伟", "张伟"), ("", "?")]
)
def test_initials_of_a_chinese_name_are_its_given_name(name, text):
    assert formats.initials(name) == text


def test_numbers_keep_decimals_only_where_there_are_some():
    assert formats.number(12345, "calls") == "12,345\u202fcalls"
    assert formats.number(12.5) == "12.50"
    assert formats.number(None) == "–"


def test_chinese_figures_are_grouped_by_thousands() -> None:
    with translation.override("zh-hans"):
        assert formats.money(Decimal("3526014"), "USD", 0) == "US$3,526,014"
        assert formats.number(12345) == "12,345"
