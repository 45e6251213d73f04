"""The quotas of a year, what they add up to, and how far everybody has come."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Reach, Verb
from crm.models import StaleVersion, Team, User
from crm.web import asked
from crm.web.toasts import toast
from customers.sales.actions import quotas
from customers.sales.forms.quotas import YearForm
from customers.sales.models import Money, Quota
from customers.sales.models.forecast_figures import teams_within_reach, won_without_a_rate
from customers.sales.models.forecast_period import QUARTER, Period, organisation_zone
from customers.sales.models.quota_table import Line, pattern_of, table

FIRST, LAST = 1971, 2198


class Asked(View):
    def prepare(self, request: HttpRequest) -> None:
        self.zone = organisation_zone()
        self.now = timezone.now()
        self.today: date = self.now.astimezone(self.zone).date()
        year = asked.number(request.GET, "year")
        self.year = year if year is not None and FIRST <= year <= LAST else self.today.year

    @property
    def page_url(self) -> str:
        return f"{reverse('quota-table')}?year={self.year}"


class Page(Asked):
    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "quota", Verb.VIEW)
        self.prepare(request)
        teams = teams_within_reach(user, Verb.VIEW, "quota")
        seen = Quota.objects.visible_to(user)
        lines = table(teams, sellers(user, teams), seen, year=self.year, zone=self.zone)
        editable = {team.pk for team in teams_within_reach(user, Verb.EDIT, "quota")}
        context = {
            "year": self.year,
            "lines": lines,
            "attained": [(line, line.attained(self.today, self.year)) for line in lines if line.has_figures],
            "heads": _heads(self.year),
            "before_url": f"?year={self.year - 1}",
            "after_url": f"?year={self.year + 1}",
            "may_edit": bool(editable),
            "unrated": self._unrated(lines),
            "currency": settings.CURRENCY,
        }
        return render(request, "sales/quota/page.html", context)

    def _unrated(self, lines: list[Line]) -> list[Money]:
        """What was won in the year by those on the page, and could not be converted."""
        people = [line.subject.pk for line in lines if not line.is_team]
        teams = [line.subject.pk for line in lines if line.is_team]
        first, last = date(self.year, 1, 1), date(self.year, 12, 31)
        return won_without_a_rate(people, teams, first, last, self.zone) if lines else []


class Edit(Asked):
    """The dialog for one person's or team's year: `person` or `team` in the URL."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self._prepare(request)
        return self._show(request, self._form(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        self._prepare(request)
        form = self._form(request, request.POST)
        if not form.is_valid():
            return self._show(request, form, status=422)
        try:
            quotas.set_year(
                self.subject, self.year, form.amounts(), by=request.user, at=self.now, seen=form.cleaned_data["seen"]
            )
        except StaleVersion:
            form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
            return self._show(request, form, status=409)
        except ValidationError as error:
            form.add_error(None, error.messages)
            return self._show(request, form, status=422)
        toast(request, _("Saved."))
        return redirect(self.page_url)

    def _prepare(self, request: HttpRequest) -> None:
        guards.require(request.user, "quota", Verb.EDIT)
        self.prepare(request)
        teams = teams_within_reach(request.user, Verb.EDIT, "quota")
        wanted, team = asked.number(request.GET, "person"), asked.number(request.GET, "team")
        self.subject: Team | User
        if wanted is not None:
            person = guards.get_visible(User.objects.all(), request.user, pk=wanted)
            if person.team_id not in {one.pk for one in teams}:
                raise PermissionDenied(_("You do not answer for this team."))
            self.subject = person
            return
        found = next((one for one in teams if one.pk == team), None)
        if found is None:
            raise Http404(_("There is no such team."))
        self.subject = found

    def _form(self, request: HttpRequest, data: Any = None) -> YearForm:
        # Whose quotas these are was checked: a person's may have been given in a team that is out of reach by now.
        known = list(Quota.objects.visible_to(request.user).of(self.subject).of_year(self.year))
        months = [next((one.amount for one in known if one.month.month == number), None) for number in range(1, 13)]
        return YearForm(
            data, year=self.year, months=months, initial={"seen": quotas.state_of(known)},
            pattern=lambda: pattern_of(self.subject, self.year - 1, self.zone),
        )  # fmt: skip

    def _show(self, request: HttpRequest, form: YearForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form, "subject": self.subject, "year": self.year, "post_url": request.get_full_path(),
            "currency": settings.CURRENCY,
        }  # fmt: skip
        return render(request, "sales/quota/form.html", context, status=status)


def _heads(year: int) -> list[tuple[str, list[str]]]:
    """Each quarter, and its months."""
    quarters = [Period(date(year, month, 1), QUARTER) for month in (1, 4, 7, 10)]
    return [
        (quarter.label, [date_format(date(year, quarter.start.month + place, 1), "M") for place in range(3)])
        for quarter in quarters
    ]


def sellers(user: Any, teams: list[Team]) -> list[User]:
    """Whoever may open opportunities in the teams; without teams only the person."""
    if not teams:
        return [user]
    grants = {"kind": "opportunity", "verb": Verb.CREATE, "reach__gt": Reach.NONE}
    people = User.objects.visible_to(user).active().filter(team__in=[team.pk for team in teams])
    selling = people.filter(roles__grants__in=_grants(grants)).distinct().order_by("name", "pk")
    return list(selling)


def _grants(wanted: dict[str, Any]) -> Any:
    from crm.models.role import RoleGrant

    return RoleGrant.objects.filter(**wanted).values("pk")  # scoped: roles are configuration
