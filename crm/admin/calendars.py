"""Opening hours and holidays."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, path

from crm.admin import public_holidays
from crm.admin.base import AuditedAdmin
from crm.models import (
    BusinessCalendar,
    CalendarFrame,
    CalendarHoliday,
)


class FrameInline(admin.TabularInline):
    model = CalendarFrame
    extra = 1


class HolidayInline(admin.TabularInline):
    model = CalendarHoliday
    extra = 1


@admin.register(BusinessCalendar)
class BusinessCalendarAdmin(AuditedAdmin):
    list_display = ["name", "timezone"]
    inlines = [FrameInline, HolidayInline]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(public_holidays.page)
        name = "crm_businesscalendar_public_holidays"
        return [path("<int:pk>/public-holidays/", view, name=name), *super().get_urls()]
