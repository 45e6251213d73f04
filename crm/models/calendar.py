from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import business_time
from crm.access.querysets import ScopedQuerySet


def validate_timezone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone; write one like Europe/Berlin or Asia/Shanghai."), params={"name": name}
        )


class BusinessCalendar(models.Model):
    """When the organisation, a team or a queue works: the hours in which SLA clocks run."""

    kind: ClassVar[str] = "calendar"
    owner_field = None
    team_field = None

    name = models.CharField(_("name"), max_length=80, unique=True)
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC", validators=[validate_timezone])

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("business calendar")
        verbose_name_plural = _("business calendars")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def as_calendar(self) -> business_time.Calendar:
        """The frozen value that `crm.business_time` computes with; ValueError while it has no hours."""
        hours: dict[int, list[Any]] = {}
        for frame in self.frames.all():
            hours.setdefault(frame.weekday, []).append((frame.opens, frame.closes))
        return business_time.Calendar(self.timezone, hours, [holiday.date for holiday in self.holidays.all()])


WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class CalendarFrame(models.Model):
    """A stretch of a weekday in which the calendar is open; a weekday may have several."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="frames")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"), help_text=_("23:59 means the end of the day."))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="calendar_frame_weekday"),
            models.CheckConstraint(condition=Q(closes__gt=models.F("opens")), name="calendar_frame_closes_later"),
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="calendar_frame_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class CalendarHoliday(models.Model):
    """A day on which the calendar is closed."""

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="holidays")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="calendar_holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
