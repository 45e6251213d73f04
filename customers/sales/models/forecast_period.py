"""The months and quarters that are forecast, and the weeks in which it is done. Days are the organisation's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _

MONTH, QUARTER = "month", "quarter"
_MONTHS = {MONTH: 1, QUARTER: 3}
_CODE = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))")


@dataclass(frozen=True, order=True)
class Period:
    """A calendar month or quarter, by its first day."""

    start: date
    kind: str

    @classmethod
    def of(cls, kind: str, day: date) -> Self:
        """The one that `day` is in."""
        months = _MONTHS[kind]
        return cls(date(day.year, (day.month - 1) // months * months + 1, 1), kind)

    @classmethod
    def named(cls, code: str) -> Self | None:
        """The one of a code like 2026-05 or 2026-Q2; none for anything else."""
        found = _CODE.fullmatch(code)
        if found is None or not 1970 <= int(found[1]) <= 2199:
            return None
        if found[2]:
            return cls(date(int(found[1]), int(found[2]), 1), MONTH)
        return cls(date(int(found[1]), int(found[3]) * 3 - 2, 1), QUARTER)

    def after(self, count: int = 1) -> Period:
        """The one that is so many later; negative: earlier."""
        months = self.start.year * 12 + self.start.month - 1 + count * _MONTHS[self.kind]
        return Period(date(months // 12, months % 12 + 1, 1), self.kind)

    @property
    def end(self) -> date:
        """Its last day."""
        return self.after().start - timedelta(days=1)

    @property
    def code(self) -> str:
        if self.kind == MONTH:
            return f"{self.start:%Y-%m}"
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"

    @property
    def label(self) -> str:
        if self.kind == MONTH:
            return str(formats.date_format(self.start, "YEAR_MONTH_FORMAT"))
        return _("Q%(number)s %(year)s") % {"number": (self.start.month + 2) // 3, "year": self.start.year}

    @property
    def deadline(self) -> date:
        """The Monday of the week its first day is in: what is forecast until that week is over is held against it."""
        return monday(self.start)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """The moments at which it begins and at which it is over."""
        return _midnight(self.start, zone), _midnight(self.after().start, zone)

    def is_over(self, today: date) -> bool:
        return self.end < today


def organisation_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def local_day(moment: datetime) -> date:
    """The day of a moment, where the organisation is."""
    return moment.astimezone(organisation_zone()).date()


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(moment: datetime, zone: tzinfo) -> date:
    """The Monday of the week that a moment is in, where the clocks of `zone` say when a week begins."""
    return monday(moment.astimezone(zone).date())


def week_is_over(week: date, now: datetime, zone: tzinfo) -> bool:
    return now >= _midnight(week + timedelta(days=7), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)
