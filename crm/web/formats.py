"""Values in words, the same on pages, in mail and in reports: a number always with its unit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext_noop, ngettext, pgettext
from django.utils.translation import gettext as _

Numeric = int | float | Decimal

NOTHING = "–"
DAYS, HOURS, MINUTES = gettext_noop("{count} d"), gettext_noop("{count} h"), gettext_noop("{count} min")
THIN = "\u202f"  # between number and unit, never broken
# Where one sign stands for several currencies, the one that a reader of the language means by it.
SIGNS = {
    "en": {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "CN¥", "JPY": "JP¥", "HKD": "HK$", "INR": "₹"},
    "zh-hans": {"USD": "US$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "JP¥", "HKD": "HK$", "INR": "₹"},
}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF"})


def number(value: Numeric | None, unit: str = "", decimals: int | None = None) -> str:
    """1234.5 → "1,234.5"; whole numbers keep no decimals, others two unless `decimals` says."""
    if value is None:
        return NOTHING
    if decimals is None:
        decimals = 0 if value == int(value) else 2
    text = _text(value, decimals, grouped=True).replace("-", "−")
    return f"{text}{THIN}{unit}" if unit else text


def precise(value: Numeric | None) -> str:
    """All the decimals there are: 7.125 → "7.125"."""
    places = Decimal(str(value)).normalize().as_tuple().exponent if value is not None else 0
    return number(value, decimals=max(-int(places), 0))


def percent(share: Numeric | None, decimals: int = 1) -> str:
    """0.125 → "12.5%". A share of something, never a difference of two shares: that is `points`."""
    if share is None:
        return NOTHING
    return f"{_text(_times_hundred(share), decimals)}%".replace("-", "−")


def points(difference: Numeric | None, decimals: int = 1) -> str:
    """0.023 → "+2.3 pp": the difference of two shares, in percentage points."""
    if difference is None:
        return NOTHING
    value = _times_hundred(difference)
    text = _text(abs(value), decimals)
    return f"{_sign(value, decimals)}{text}{THIN}{pgettext('percentage points', 'pp')}"


def change(relative: Numeric | None, decimals: int = 1) -> str:
    """0.125 → "+12.5%": a change relative to what was before."""
    if relative is None:
        return NOTHING
    return f"{_sign(_times_hundred(relative), decimals)}{percent(abs(relative), decimals)}"


def money(amount: Numeric | None, currency: str, decimals: int | None = None) -> str:
    """1234.5, "EUR" → "€1,234.50"; a currency without a sign of its own shows its code."""
    if amount is None:
        return NOTHING
    if decimals is None:
        decimals = 0 if currency in WITHOUT_CENTS else 2
    text = _text(abs(amount), decimals, grouped=True)
    sign = SIGNS.get(get_language() or "en", SIGNS["en"]).get(currency)
    minus = "−" if amount < 0 else ""
    return f"{minus}{sign}{text}" if sign else f"{minus}{text}\u00a0{currency}"


def duration(seconds: Numeric | dt.timedelta | None) -> str:
    """8100 → "2 h 15 min": the two largest units."""
    if seconds is None:
        return NOTHING
    total = round(seconds.total_seconds() if isinstance(seconds, dt.timedelta) else seconds)
    if abs(total) < 60:
        return _("{count} s").format(count=total)
    minutes = abs(total) // 60
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, DAYS), (hours, HOURS), (minutes % 60, MINUTES)]
    first = next(index for index, (count, _text) in enumerate(parts) if count)
    shown = [_(text).format(count=count) for count, text in parts[first : first + 2] if count]
    return ("−" if total < 0 else "") + " ".join(shown)


def relative(moment: dt.datetime, now: dt.datetime) -> str:
    """How long ago, or in how long; beyond a month the date itself."""
    seconds = (now - moment).total_seconds()
    minutes, past = int(abs(seconds) // 60), seconds >= 0
    if minutes < 1:
        return _("just now") if past else _("now")
    if minutes < 60:
        text = (
            ngettext("{count} minute ago", "{count} minutes ago", minutes)
            if past
            else ngettext("in {count} minute", "in {count} minutes", minutes)
        )
        return text.format(count=minutes)
    if minutes < 60 * 24:
        hours = minutes // 60
        text = (
            ngettext("{count} hour ago", "{count} hours ago", hours)
            if past
            else ngettext("in {count} hour", "in {count} hours", hours)
        )
        return text.format(count=hours)
    days = minutes // (60 * 24)
    if days <= 30:
        text = (
            ngettext("{count} day ago", "{count} days ago", days)
            if past
            else ngettext("in {count} day", "in {count} days", days)
        )
        return text.format(count=days)
    return exact_date(moment)


def exact(moment: dt.datetime) -> str:
    """Date and time in the person's zone, with the zone's name."""
    local = timezone.localtime(moment)
    minute = local.replace(second=0, microsecond=0, tzinfo=None)
    return f"{_formatted(minute, 'DATETIME_FORMAT', get_language())} {local.tzname() or ''}".strip()


def exact_date(day: dt.datetime | dt.date) -> str:
    if isinstance(day, dt.datetime):
        day = timezone.localtime(day).date()
    return _formatted(day, "DATE_FORMAT", get_language())


def month_of(day: dt.date) -> str:
    return _formatted(day, "YEAR_MONTH_FORMAT", get_language())


def year(number: int) -> str:
    """The year as a period of its own: 2026, 「2026年」."""
    return _("{year}").format(year=number)


@lru_cache(20_000)
def _formatted(day: dt.datetime | dt.date, pattern: str, language: str | None) -> str:
    """Kept, because the same days stand on every page and each costs as much as a row of a table."""
    return formats.date_format(day, pattern)


def initials(name: Any) -> str:
    """ "Anna Snelling" → "AS"; of a Chinese name the given name, as on a badge: "张小伟" → "小伟"."""
    words = str(name).split()
    if not words:
        return "?"
    if any("\u4e00" <= letter <= "\u9fff" for letter in words[0]):
        return words[0][-2:]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def _text(value: Any, decimals: int, *, grouped: bool = False) -> str:
    """In the reader's format. Django's own function cuts digits off where it should round."""
    value = round(value, decimals)
    point, comma = _marks(get_language())
    if grouped and comma and isinstance(value, (int, Decimal)):
        return f"{value:,.{decimals}f}".translate({ord(","): comma, ord("."): point})
    return formats.number_format(value, decimals, force_grouping=grouped)


@lru_cache(100)
def _marks(language: str | None) -> tuple[str, str]:
    """Decimal point and mark of thousands; no such mark where figures are not grouped by thousands."""
    by_thousands = formats.get_format("NUMBER_GROUPING") == 3
    return formats.get_format("DECIMAL_SEPARATOR"), formats.get_format("THOUSAND_SEPARATOR") if by_thousands else ""


def _times_hundred(share: Any) -> Any:
    return share * 100


def _sign(value: Any, decimals: int) -> str:
    rounded = round(value, decimals)
    return "+" if rounded > 0 else "−" if rounded < 0 else "±"
