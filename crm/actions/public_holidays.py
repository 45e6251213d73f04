"""Public holidays of a country and year, put into a business calendar.

The package that knows them is loaded only where it is asked: it took a twelfth of the time a process needs to start.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from crm import events
from crm.models import BusinessCalendar, CalendarHoliday

LONGEST = CalendarHoliday._meta.get_field("name").max_length


def countries() -> list[tuple[str, str]]:
    """ISO code and name of each country whose holidays are known, in the order of the names."""
    from holidays.registry import COUNTRIES

    codes = {names[1]: _spaced(names[0]) for names in COUNTRIES.values()}
    return sorted(codes.items(), key=lambda country: country[1])


def of(country: str, year: int, language: str) -> dict[date, str]:
    """Each public holiday with its name in the language, or in one the country's are known in."""
    import holidays

    known = holidays.country_holidays(country).supported_languages
    wanted = {"zh-hans": "zh_CN", "en": "en_US"}.get(language, language)
    days = holidays.country_holidays(country, years=year, language=wanted if wanted in known else None)
    return {day: name[:LONGEST] for day, name in sorted(days.items()) if day.year == year}


def missing(calendar: BusinessCalendar, days: dict[date, str]) -> dict[date, str]:
    """Those that the calendar does not have yet."""
    there = set(calendar.holidays.values_list("date", flat=True))
    return {day: name for day, name in days.items() if day not in there}


@transaction.atomic
def fill(calendar: BusinessCalendar, days: dict[date, str], *, by: Any, at: datetime) -> int:
    """Add what is missing; a day that is there already keeps its name. Doing it twice does nothing more."""
    BusinessCalendar.objects.select_for_update().get(pk=calendar.pk)
    new = missing(calendar, days)
    CalendarHoliday.objects.bulk_create(
        CalendarHoliday(calendar=calendar, date=day, name=name) for day, name in new.items()
    )
    if new:
        data = {
            "model": calendar._meta.label_lower,
            "id": str(calendar.pk),
            "name": str(calendar),
            "changes": {"holidays": [None, [f"{day} {name}" for day, name in new.items()]]},
        }
        # Like every change of the configuration it hangs on the person who made it.
        events.record("settings.changed", by, by=by, at=at, data=data)
    return len(new)


def _spaced(name: str) -> str:
    """ "UnitedStates" as people write it."""
    return "".join(f" {letter}" if letter.isupper() and place else letter for place, letter in enumerate(name))
