"""What a formula may do. Each function gets its parts worked out already, and says what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Value
from django.utils.translation import gettext as _

from crm.custom_fields.formulas import expressions as sql
from crm.custom_fields.formulas.asking import alike, currency_of, fitting, not_an_amount, want
from crm.custom_fields.formulas.reading import Refused
from crm.custom_fields.formulas.types import Part, Type

NUMBER, TEXT, DATE, YES_NO = Type.NUMBER, Type.TEXT, Type.DATE, Type.YES_NO
Build = Callable[..., Part]
MANY = 20


@dataclass(frozen=True)
class Function:
    """`usage` is how it is written; `least` and `most` how many parts it takes."""

    usage: str
    least: int
    most: int
    build: Build


FUNCTIONS: dict[str, Function] = {}
OPERATORS: dict[str, Build] = {}


def function(usage: str, least: int, most: int | None = None) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        FUNCTIONS[usage.partition("(")[0]] = Function(usage, least, most or least, build)
        return build

    return register


def operator(*signs: str) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        OPERATORS.update(dict.fromkeys(signs, build))
        return build

    return register


# Operators ------------------------------------------------------------------------------------------------------------


@operator("+", "-")
def _sum(sign: str, left: Part, right: Part) -> Part:
    """Of numbers; a date and days make a date, two dates the days between them."""
    if left.type == DATE and sign == "-" and right.type == DATE:
        return Part(NUMBER, sql.days_from_to(right.expression, left.expression))
    if left.type == DATE:
        return _add_days(left, right if sign == "+" else _negative("-", right))
    want(NUMBER, left, right)
    return Part(
        NUMBER, sql.between(sign, sql.NUMBER, left.expression, right.expression), currency=currency_of(left, right)
    )


@operator("*")
def _product(sign: str, left: Part, right: Part) -> Part:
    want(NUMBER, left, right)
    if left.currency is not None:
        not_an_amount(right)
    currency = left.currency if left.currency is not None else right.currency
    return Part(NUMBER, sql.between("*", sql.NUMBER, left.expression, right.expression), currency=currency)


@operator("/")
def _quotient(sign: str, left: Part, right: Part) -> Part:
    """An amount by a number is an amount; by an amount of the same currency, a number."""
    want(NUMBER, left, right)
    found = Part(NUMBER, sql.divided(left.expression, right.expression))
    if right.currency is None:
        return replace(found, currency=left.currency)
    if left.currency is None:
        not_an_amount(right)
    currency_of(left, right)
    return found


@operator("negative")
def _negative(sign: str, part: Part) -> Part:
    want(NUMBER, part)
    return replace(part, expression=sql.made("(-%(expressions)s)", sql.NUMBER, part.expression), literal=None)


@operator("=", "!=", "<", "<=", ">", ">=")
def _comparison(sign: str, left: Part, right: Part) -> Part:
    type = alike([left, right])
    if sign not in ("=", "!=") and type in (TEXT, YES_NO):
        raise Refused(_("Only numbers and dates are smaller or larger."), right.at)
    if "" in (left.literal, right.literal):
        raise Refused(_("Ask is_empty(…) instead."), right.at)
    currency_of(left, right)
    fitting(left, right)
    sign = "<>" if sign == "!=" else sign
    return Part(YES_NO, sql.between(sign, sql.YES_NO, left.expression, right.expression))


@operator("and", "or")
def _together(sign: str, left: Part, right: Part) -> Part:
    want(YES_NO, left, right)
    return Part(YES_NO, sql.between(sign.upper(), sql.YES_NO, left.expression, right.expression))


@operator("not")
def _not(sign: str, part: Part) -> Part:
    want(YES_NO, part)
    return Part(YES_NO, sql.made("(NOT %(expressions)s)", sql.YES_NO, part.expression))


# Functions of anything ------------------------------------------------------------------------------------------------


@function("if(condition, then, otherwise)", 3)
def _if(condition: Part, then: Part, otherwise: Part) -> Part:
    want(YES_NO, condition)
    type = alike([then, otherwise])
    found = sql.chosen(condition.expression, then.expression, otherwise.expression, type.output)
    return Part(type, found, currency=currency_of(then, otherwise))


@function("coalesce(value, otherwise, …)", 2, MANY)
def _coalesce(*parts: Part) -> Part:
    type = alike(parts)
    found = sql.called("COALESCE", type.output, *(part.expression for part in parts))
    return Part(type, found, currency=currency_of(*parts))


@function("is_empty(value)", 1)
def _is_empty(part: Part) -> Part:
    return Part(YES_NO, sql.made("(%(expressions)s IS NULL)", sql.YES_NO, part.expression))


# Of numbers -----------------------------------------------------------------------------------------------------------


@function("round(number, decimals)", 1, 2)
def _round(part: Part, decimals: Part | None = None) -> Part:
    want(NUMBER, part)
    count = decimals.literal if decimals is not None else Decimal(0)
    if not isinstance(count, Decimal) or count not in range(sql.DECIMALS + 1):
        said = _("Say how many decimals with a whole number from 0 to %(most)s.") % {"most": sql.DECIMALS}
        raise Refused(said, decimals.at if decimals else part.at)
    return replace(part, expression=sql.called("ROUND", sql.NUMBER, part.expression, Value(int(count))), literal=None)


def _of_one_number(name: str) -> Build:
    def build(part: Part) -> Part:
        want(NUMBER, part)
        return replace(part, expression=sql.called(name, sql.NUMBER, part.expression), literal=None)

    return build


def _of_numbers(name: str) -> Build:
    def build(*parts: Part) -> Part:
        """Of those that there are: what is missing does not count."""
        type = alike(parts)
        if type not in (NUMBER, DATE):
            want(NUMBER, parts[0])
        found = sql.called(name, type.output, *(part.expression for part in parts))
        return Part(type, found, currency=currency_of(*parts))

    return build


function("floor(number)", 1)(_of_one_number("FLOOR"))
function("ceil(number)", 1)(_of_one_number("CEIL"))
function("abs(number)", 1)(_of_one_number("ABS"))
function("min(value, value, …)", 2, MANY)(_of_numbers("LEAST"))
function("max(value, value, …)", 2, MANY)(_of_numbers("GREATEST"))


# Of dates -------------------------------------------------------------------------------------------------------------


@function("today()", 0)
def _today() -> Part:
    return Part(DATE, sql.today())


@function('date("2026-12-31")', 1)
def _date(part: Part) -> Part:
    try:
        return Part(DATE, sql.literal(date.fromisoformat(part.literal)))
    except (TypeError, ValueError):
        raise Refused(_("Write a date as date(“2026-12-31”)."), part.at) from None


@function("days_between(date, date)", 2)
def _days_between(start: Part, end: Part) -> Part:
    want(DATE, start, end)
    return Part(NUMBER, sql.days_from_to(start.expression, end.expression))


@function("add_days(date, number)", 2)
def _add_days(day: Part, days: Part) -> Part:
    want(DATE, day)
    want(NUMBER, days)
    not_an_amount(days)
    return Part(DATE, sql.days_later(day.expression, days.expression))


def _part_of_day(part: str) -> Build:
    def build(day: Part) -> Part:
        want(DATE, day)
        return Part(NUMBER, sql.part_of_day(part, day.expression))

    return build


function("year(date)", 1)(_part_of_day("YEAR"))
function("month(date)", 1)(_part_of_day("MONTH"))
function("day(date)", 1)(_part_of_day("DAY"))


# Of texts -------------------------------------------------------------------------------------------------------------


@function("concat(value, value, …)", 2, MANY)
def _concat(*parts: Part) -> Part:
    """What is missing is left out."""
    return Part(TEXT, sql.called("CONCAT", sql.TEXT, *map(_as_text, parts)))


def _as_text(part: Part) -> object:
    if part.type == YES_NO:
        want(TEXT, part)
    return {NUMBER: sql.number_as_text, DATE: sql.day_as_text}.get(part.type, lambda text: text)(part.expression)


@function("upper(text)", 1)
def _upper(part: Part) -> Part:
    want(TEXT, part)
    return Part(TEXT, sql.called("UPPER", sql.TEXT, part.expression))


@function("lower(text)", 1)
def _lower(part: Part) -> Part:
    want(TEXT, part)
    return Part(TEXT, sql.called("LOWER", sql.TEXT, part.expression))


@function("length(text)", 1)
def _length(part: Part) -> Part:
    want(TEXT, part)
    return Part(NUMBER, sql.number(sql.called("LENGTH", sql.WHOLE, part.expression)))


@function("contains(text, part)", 2)
def _contains(text: Part, sought: Part) -> Part:
    """Whatever the size of the letters, like filters of lists."""
    want(TEXT, text, sought)
    lower = [sql.called("LOWER", sql.TEXT, part.expression) for part in (text, sought)]
    place = sql.called("STRPOS", sql.WHOLE, *lower)
    return Part(YES_NO, sql.made("(%(expressions)s > 0)", sql.YES_NO, place))
