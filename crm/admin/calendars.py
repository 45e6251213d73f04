"""Opening hours and holidays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from crm.admin import public_holidays
from crm.admin.base import AuditedAdmin
from crm.models import (
    BusinessCalendar,
    CalendarFrame,
    CalendarHoliday,
)

OVERLAPPING = _("Opening hours of one weekday overlap.")


class FrameFormSet(BaseInlineFormSet):
    """What clocks could not run by is refused here: with it, no ticket of the queue could be opened any more."""

    def clean(self) -> None:
        super().clean()
        said = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if any(self.errors):
            return
        if not said:
            raise ValidationError(_("Give it opening hours on at least one weekday."))
        frames = sorted((row["weekday"], row["opens"], row["closes"]) for row in said)
        if any(day == other and opens < closes for (day, _at, closes), (other, opens, _to) in pairwise(frames)):
            raise ValidationError(OVERLAPPING)

    def get_unique_error_message(self, unique_check: Any) -> str:
        return str(OVERLAPPING)


class HolidayFormSet(BaseInlineFormSet):
    def get_unique_error_message(self, unique_check: Any) -> str:
        return str(_("Each holiday is written down once."))


class FrameInline(admin.TabularInline):
    model = CalendarFrame
    formset = FrameFormSet
    extra = 1


class HolidayInline(admin.TabularInline):
    model = CalendarHoliday
    formset = HolidayFormSet
    extra = 1


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(AuditedAdmin):
    list_display = ["name", "timezone"]
    inlines = [FrameInline, HolidayInline]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(public_holidays.page)
        name = "crm_businesscalendar_public_holidays"
        return [path("<int:pk>/public-holidays/", view, name=name), *super().get_urls()]
