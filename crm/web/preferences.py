"""Language, theme, density and time zone: on the person, so that every device looks the same (density: per device)."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views import View
from django.views.decorators.http import require_POST

from crm.actions.preferences import prefer
from crm.models.user import Theme
from crm.web.context import DENSITY_COOKIE, THEMES
from crm.web.toasts import toast
from crm.web.way_back import leads_here

YEAR = 60 * 60 * 24 * 365
DENSITIES = [("normal", _("Normal")), ("compact", _("More rows on the screen"))]


def time_zones() -> list[tuple[str, Any]]:
    places = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    names = ["UTC", *sorted(places)]
    return [("", _("The organisation's time zone")), *((name, name.replace("_", " ")) for name in names)]


def hours() -> list[tuple[Any, Any]]:
    return [("", _("off")), *((hour, f"{hour:02d}:00") for hour in range(5, 22))]


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, required=False, help_text=_("Dates and times are shown in it.")
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=THEMES)
    summary_hour = forms.TypedChoiceField(
        label=_("Daily summary by email"),
        choices=hours,
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_(
            "Every working day: what is overdue and due, renewals and mentions. No mail where there is nothing."
        ),
    )
    reminds_by_mail = forms.BooleanField(label=_("Reminders by email too"), required=False)
    density = forms.ChoiceField(label=_("Density"), choices=DENSITIES, help_text=_("On this device only."))


class Preferences(View):
    """One's own settings. The quick switches of the person menu post only the theme and the density."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        density = "compact" if request.COOKIES.get(DENSITY_COOKIE) == "compact" else "normal"
        kept = ("language", "timezone", "theme", "reminds_by_mail", "summary_hour")
        initial = {"density": density, **{name: getattr(user, name) for name in kept}}
        return render(request, "preferences.html", {"form": PreferencesForm(initial=initial)})

    def post(self, request: HttpRequest) -> HttpResponse:
        if "language" not in request.POST:
            return self.quick(request)
        form = PreferencesForm(request.POST)
        if not form.is_valid():
            return render(request, "preferences.html", {"form": form}, status=422)
        density = form.cleaned_data.pop("density")
        user = prefer(by=request.user, at=timezone.now(), **form.cleaned_data)
        with override(user.language):
            toast(request, _("Your settings are saved."))
        return remember_density(redirect("preferences"), density)

    def quick(self, request: HttpRequest) -> HttpResponse:
        theme = request.POST.get("theme")
        if theme in Theme.values:
            prefer(by=request.user, at=timezone.now(), theme=theme)
        density = request.POST.getlist("density")
        answer = HttpResponse(status=204) if request.headers.get("HX-Request") == "true" else redirect("preferences")
        return remember_density(answer, density[-1] if density else "normal")


def remember_density(response: HttpResponse, density: str) -> HttpResponse:
    if density == "compact":
        response.set_cookie(
            DENSITY_COOKIE, density, max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(DENSITY_COOKIE, samesite="Lax")
    return response


@method_decorator([login_not_required, require_POST], name="dispatch")
class Language(View):
    """Switch the language: of the person when signed in, otherwise of this browser."""

    def post(self, request: HttpRequest) -> HttpResponse:
        language = request.POST.get("language", "")
        target = request.POST.get("next", "")
        if not leads_here(request, target):
            target = reverse("home")
        response = HttpResponseRedirect(target)
        if language not in dict(settings.LANGUAGES):
            return response
        if request.user.is_authenticated:
            prefer(by=request.user, at=timezone.now(), language=language)
        translation.activate(language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
        return response
