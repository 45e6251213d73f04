"""When the story plays, counted back from today. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from evaluation.formulas import periods
from evaluation.formulas.periods import Period

MONTHS_AFTER = 3  # complete months that an effect can be measured on


@dataclass(frozen=True)
class StoryDays:
    """`fall`: the quarter in which satisfaction fell. Its review is held in the month after it, and the plan that
    comes of it starts a month after its end."""

    today: date
    fall: Period

    @classmethod
    def of(cls, today: date) -> StoryDays:
        """The latest quarter after which there is time for a review, a plan, and three months to see what it does."""
        quarter = periods.containing(periods.QUARTER, today).previous(2)
        while _months_between(cls(today, quarter).plan_start, today) < MONTHS_AFTER:
            quarter = quarter.previous()
        return cls(today, quarter)

    @property
    def last_quarter(self) -> Period:
        return periods.containing(periods.QUARTER, self.today).previous()

    @property
    def review_month(self) -> Period:
        return periods.containing(periods.MONTH, self.fall.last + timedelta(days=1))

    @property
    def plan_start(self) -> date:
        """The first day of a month, so that no month is half with and half without the plan."""
        return self.review_month.last + timedelta(days=1)

    @property
    def steps_due(self) -> date:
        return self.plan_start + timedelta(days=27)

    @property
    def effect_due(self) -> date:
        """The first day of the first month after three complete ones."""
        month = periods.containing(periods.MONTH, self.plan_start)
        for _ in range(MONTHS_AFTER):
            month = month.next()
        return month.first

    def phase(self, day: date) -> str:
        """before, fall, recovering (until the plan starts) or improved."""
        if day < self.fall.first:
            return "before"
        if day <= self.fall.last:
            return "fall"
        return "recovering" if day < self.plan_start else "improved"


def _months_between(first: date, today: date) -> int:
    return (today.year - first.year) * 12 + today.month - first.month
