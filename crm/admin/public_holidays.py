"""The page on which a business calendar is filled with the public holidays of a country and year."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from crm.actions import public_holidays as known
from crm.models import BusinessCalendar


class PublicHolidaysForm(forms.Form):
    country = forms.ChoiceField(label=_("Country"), choices=known.countries)
    year = forms.TypedChoiceField(label=_("Year"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this = localdate().year
        self.fields["year"].choices = [(year, str(year)) for year in range(this - 1, this + 4)]  # type: ignore[attr-defined]
        self.fields["year"].initial = this


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose, look at what would be added, then add it."""
    calendar = get_object_or_404(BusinessCalendar, pk=pk)
    sent = request.POST if request.method == "POST" else request.GET
    form = PublicHolidaysForm(sent if "country" in sent else None)
    days, new = {}, {}
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data
        days = known.of(chosen["country"], chosen["year"], get_language() or "en")
        new = known.missing(calendar, days)
        if request.method == "POST":
            return _filled(request, calendar, days)
    shown = {
        **admin.site.each_context(request),
        "title": _("Public holidays"),
        "opts": BusinessCalendar._meta,
        "calendar": calendar,
        "form": form,
        "days": [(day, name, day in new) for day, name in days.items()],
        "new": len(new),
        "chosen": form.is_bound and form.is_valid(),
    }
    return render(request, "admin/crm/businesscalendar/public_holidays.html", shown)


def _filled(request: HttpRequest, calendar: BusinessCalendar, days: dict) -> HttpResponse:
    count = known.fill(calendar, days, by=request.user, at=now())
    told = ngettext("%(count)d holiday is added.", "%(count)d holidays are added.", count)
    messages.success(request, told % {"count": count})
    return redirect(reverse("admin:crm_businesscalendar_change", args=[calendar.pk]))
