"""The words of the database that formulas are put together from.

Each takes its parts once, so that what is nested grows by what is written and no faster; each gives nothing (NULL) for
what it cannot work out, and no row whatever makes one fail: what is out of range becomes nothing first.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.db.models.functions import Now, TruncDate
from django.db.models.lookups import Regex
from django.utils import timezone

NUMBER: models.Field = models.DecimalField(max_digits=24, decimal_places=6)
WHOLE: models.Field = models.IntegerField()
TEXT: models.Field = models.TextField()
DAY: models.Field = models.DateField()
YES_NO: models.Field = models.BooleanField()

# Days that there are, also in leap years: a row that somebody wrote past us must not break a page.
IS_A_DAY = (
    r"^(?!0000)(\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    r"|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$"
)
LARGEST = Decimal(10) ** 15
DECIMALS = 6
LONGEST = 200
FARTHEST = 1_000_000  # days; further than all that a calendar holds, and still within what the database counts


def made(template: str, output: models.Field, *parts: Any, between: str = ", ") -> Any:
    return Func(*parts, template=template, arg_joiner=between, output_field=output)


def called(name: str, output: models.Field, *parts: Any) -> Any:
    return Func(*parts, function=name, output_field=output)


def between(sign: str, output: models.Field, *parts: Any) -> Any:
    return made("(%(expressions)s)", output, *parts, between=f" {sign} ")


# What is read ---------------------------------------------------------------------------------------------------------


def number(part: Any) -> Any:
    """Counted exactly: the database's own whole numbers overflow, and leave the remainder out."""
    return made("(%(expressions)s)::numeric", NUMBER, part)


def text(part: Any) -> Any:
    return made("NULLIF((%(expressions)s)::text, '')", TEXT, part)


def literal(value: Decimal | str | bool | date) -> Any:
    if isinstance(value, bool):
        return Value(value, YES_NO)
    if isinstance(value, str):
        return made("(%(expressions)s)::text", TEXT, Value(value, TEXT))
    return Value(value, DAY) if isinstance(value, date) else number(Value(value, NUMBER))


def moment_as_day(name: str) -> Any:
    return TruncDate(F(name), tzinfo=timezone.get_current_timezone())


def today() -> Any:
    """By the clock of the database, in the time zone of whoever asks."""
    return TruncDate(Now(), tzinfo=timezone.get_current_timezone())


def kept_day(part: Any) -> Any:
    as_day = made("(%(expressions)s)::date", DAY, part)
    return Case(When(Regex(part, IS_A_DAY), then=as_day), default=Value(None), output_field=DAY)


def kept_yes_no(part: Any) -> Any:
    return made("CASE %(expressions)s WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END", YES_NO, part)


# What is worked out ---------------------------------------------------------------------------------------------------


def divided(left: Any, right: Any) -> Any:
    """Nothing can be divided by zero: that gives nothing."""
    return between("/", NUMBER, left, called("NULLIF", NUMBER, right, Value(0)))


def chosen(condition: Any, then: Any, otherwise: Any, output: models.Field) -> Any:
    """Where nobody knows whether the condition holds, nothing."""
    yes = made("WHEN TRUE THEN %(expressions)s", output, then)
    no = made("WHEN FALSE THEN %(expressions)s", output, otherwise)
    return made("(CASE %(expressions)s END)", output, condition, yes, no, between=" ")


def within(part: Any, most: Decimal | int) -> Any:
    """A number smaller than this, whatever its sign; else nothing."""
    below = called("NULLIF", NUMBER, called("LEAST", NUMBER, part, Value(most)), Value(most))
    return called("NULLIF", NUMBER, called("GREATEST", NUMBER, below, Value(-most)), Value(-most))


def days_later(day: Any, days: Any) -> Any:
    """Within the years 1 to 9999, as Python and files know them."""
    count = made("FLOOR(%(expressions)s)::integer", WHOLE, within(days, FARTHEST))
    template = "NULLIF(GREATEST(NULLIF(LEAST(%(expressions)s, {end}), {end}), {start}), {start})".format(
        end="DATE '10000-01-01'", start="DATE '0001-12-31 BC'"
    )
    return made(template, DAY, between("+", DAY, day, count))


def days_from_to(start: Any, end: Any) -> Any:
    return number(between("-", WHOLE, end, start))


def part_of_day(part: str, day: Any) -> Any:
    return number(made(f"EXTRACT({part} FROM %(expressions)s)", NUMBER, day))


def number_as_text(part: Any) -> Any:
    return made("TRIM_SCALE(ROUND(%(expressions)s, 6))::text", TEXT, part)


def day_as_text(part: Any) -> Any:
    return made("TO_CHAR(%(expressions)s, 'YYYY-MM-DD')", TEXT, part)


# What comes out -------------------------------------------------------------------------------------------------------


def result_number(part: Any) -> Any:
    return made("ROUND(%(expressions)s, 6)", NUMBER, within(part, LARGEST))


def result_text(part: Any) -> Any:
    return made("LEFT(NULLIF(%(expressions)s, ''), 200)", TEXT, part)
