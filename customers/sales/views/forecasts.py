"""What is forecast of a period: one's own figures, what was submitted, and the teams added up."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import Team
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import forecasts
from customers.sales.forms.forecasts import (
    AdjustmentForm,
    SubmissionForm,
    TeamChoice,
    asked_period,
    offered_periods,
)
from customers.sales.models import ForecastSubmission
from customers.sales.models import forecast_figures as figures
from customers.sales.models import forecast_track as tracks
from customers.sales.models.forecast_figures import Figures
from customers.sales.models.forecast_period import Period, monday, organisation_zone, week_of
from customers.sales.models.forecast_rollup import roll_up

EARLIER = 12  # earlier submissions listed


def lists_of(period: Period, whose: Any, team_id: int | None = None) -> dict[str, str]:
    """Where the records behind each category are listed: of a team with those below it, or a person (in a team)."""
    if isinstance(whose, Team):
        now, won = {"team": whose.pk}, {"won_for_team": whose.pk}
    else:
        now, won = {"owner": whose.pk}, {"won_for": whose.pk}
        if team_id:
            now, won = now | {"team": team_id}, won | {"won_for_team": team_id}
    dates = {"expected_close_after": period.start.isoformat(), "expected_close_before": period.end.isoformat()}
    asked: dict[str, dict[str, Any]] = {
        code: {"outcome": "open", "category": code, **dates, **now} for code in figures.CATEGORIES
    }
    asked["closed"] = {"won_in": period.code, **won}
    return {code: f"{reverse('opportunity-list')}?{urlencode(given)}" for code, given in asked.items()}


def with_lists(found: Figures, period: Period, whose: Any) -> Figures:
    found.urls = lists_of(period, whose)
    return found


class Asked(View):
    """What the pages share: the moment, the period in the URL, and the week."""

    def prepare(self, request: HttpRequest) -> None:
        self.now, self.zone = timezone.now(), organisation_zone()
        self.today = self.now.astimezone(self.zone).date()
        self.week = week_of(self.now, self.zone)
        self.period = asked_period(request.GET.get("period", ""), self.today)

    def asked_week(self) -> date:
        """The week in the URL where it is one that has been, or this one."""
        try:
            return min(monday(date.fromisoformat(self.request.GET.get("week", ""))), self.week)
        except ValueError:
            return self.week

    def page_url(self, **more: Any) -> str:
        return f"{reverse('forecast')}?{urlencode({'period': self.period.code, **more})}"

    def own(self, user: Any) -> dict[str, Any]:
        """A person's figures of now, what they said this week and before, and how good it was so far."""
        mine = ForecastSubmission.objects.visible_to(user).of_people().filter(owner=user).of_period(self.period)
        mine = mine.with_adjustments()
        track = tracks.of_people([user.pk], self.period.kind, self.today, self.zone)[user.pk]
        current = mine.in_week(self.week).first()
        return {
            "figures": with_lists(figures.of_person(user, self.period, self.zone, self.today), self.period, user),
            "current": current,
            "before": mine.before_week(self.week).first(),
            "track": track,
            "calibrated": track.calibrated(current.commit) if current else None,
        }


class Page(Asked):
    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        guards.require(user, "forecast", Verb.VIEW)
        self.prepare(request)
        week = self.asked_week()
        teams = figures.teams_within_reach(user, Verb.VIEW)
        choice = TeamChoice(request.GET, teams=teams)
        shown = choice.narrow(teams)
        seen = ForecastSubmission.objects.visible_to(user)
        lines = roll_up(shown, seen, period=self.period, week=week, today=self.today, zone=self.zone) if teams else []
        for line in lines:
            line.won_url = lists_of(self.period, line.subject, line.team_id)["closed"]
        answers_for = {team.pk for team in figures.teams_within_reach(user, Verb.CREATE)} if teams else set()
        context = {
            "period": self.period,
            "tabs": self._tabs(),
            "week": week,
            "this_week": self.week,
            "weeks": self._weeks(week),
            "is_over": self.period.is_over(self.today),
            "choice": choice if len(teams) > 1 else None,
            "lines": lines,
            "answers_for": answers_for if week == self.week else set(),
            "may_submit": user.access.may("forecast", Verb.CREATE) and not self.period.is_over(self.today),
            "earlier": self._earlier(user),
            "today": self.today,
            "currency": settings.CURRENCY,
        }
        if user.access.may("forecast", Verb.CREATE):
            mine = self.own(user)
            # Whoever answers for teams and sells nothing has no forecast of their own.
            if mine["figures"].rows or mine["current"] or mine["before"] or not teams:
                context["mine"] = mine
        return render(request, "sales/forecast/page.html", context)

    def _tabs(self) -> list[dict[str, Any]]:
        offered = offered_periods(self.today)
        periods = offered if self.period in offered else [self.period, *offered]
        team = {"team": self.request.GET["team"]} if self.request.GET.get("team") else {}
        return [
            {
                "label": period.label,
                "url": f"?{urlencode({'period': period.code, **team})}",
                "active": period == self.period,
            }
            for period in periods
        ]

    def _weeks(self, week: date) -> dict[str, Any]:
        """The pages of the week before and the one after, which is none for this week."""
        team = {"team": self.request.GET["team"]} if self.request.GET.get("team") else {}
        step = {"before": date.fromordinal(week.toordinal() - 7), "after": date.fromordinal(week.toordinal() + 7)}
        return {
            name: self.page_url(week=day.isoformat(), **team) if day <= self.week else "" for name, day in step.items()
        }

    def _earlier(self, user: Any) -> list[ForecastSubmission]:
        mine = ForecastSubmission.objects.visible_to(user).filter(owner=user).of_period(self.period)
        return list(mine.select_related("team", "owner").with_adjustments()[:EARLIER])


class New(Asked):
    """The dialog in which a forecast is submitted, beside what the pipeline says and how good the last ones were."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self._prepare(request)
        context = self._beside(request)
        before = context["current"] or context["before"]
        found: Figures = context["figures"]
        initial = {
            "commit": before.commit if before else found.own("commit"),
            "best_case": before.best_case if before else found.own("best_case"),
            "week": self.week,
        }
        if self.team is not None and context["line"].below:
            initial["commit"], initial["best_case"] = context["line"].below
        return self._show(request, SubmissionForm(initial=initial), context)

    def post(self, request: HttpRequest) -> HttpResponse:
        self._prepare(request)
        form = SubmissionForm(request.POST)
        if not form.is_valid():
            return self._show(request, form, self._beside(request), status=422)
        if not first_time(request):
            return redirect(self.page_url())
        try:
            forecasts.submit(
                period=self.period, team=self.team, by=request.user, at=self.now, zone=self.zone, **form.cleaned_data
            )
        except ValidationError as error:
            for name, sentences in getattr(error, "message_dict", {None: error.messages}).items():
                form.add_error(name if name in form.fields else None, sentences)
            if "week" not in request.POST or form.cleaned_data["week"] != self.week:
                form.data = form.data.copy()
                form.data["week"] = self.week.isoformat()  # what was typed is kept, and can be submitted in this one
            return self._show(request, form, self._beside(request), status=422)
        toast(request, _("The forecast is submitted."))
        return redirect(self.page_url())

    def _prepare(self, request: HttpRequest) -> None:
        guards.require(request.user, "forecast", Verb.CREATE)
        self.prepare(request)
        self.team: Team | None = None
        wanted = request.GET.get("team", "")
        if wanted:
            self.teams = figures.teams_within_reach(request.user, Verb.CREATE)
            self.team = next((team for team in self.teams if str(team.pk) == wanted), None)
            if self.team is None:
                raise PermissionDenied(_("You do not answer for this team."))

    def _beside(self, request: HttpRequest) -> dict[str, Any]:
        if self.team is None:
            return self.own(request.user)
        under = [team for team in self.teams if self.team.pk in team.path]
        seen = ForecastSubmission.objects.visible_to(request.user)
        lines = roll_up(under, seen, period=self.period, week=self.week, today=self.today, zone=self.zone)
        line = lines[0]
        return {
            "line": line, "figures": line.figures, "current": line.submission, "before": line.before,
            "track": line.track, "calibrated": line.calibrated,
        }  # fmt: skip

    def _show(self, request: HttpRequest, form: SubmissionForm, beside: dict[str, Any], status: int = 200) -> Any:
        context = {
            "form": form, "period": self.period, "team": self.team, "post_url": request.get_full_path(),
            "currency": settings.CURRENCY, **beside,
        }  # fmt: skip
        return render(request, "sales/forecast/form.html", context, status=status)


class Detail(View):
    """One submission: what was said, what the pipeline held then, and what a manager made of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        now, zone = timezone.now(), organisation_zone()
        submission = guards.get_visible(ForecastSubmission.objects.select_related("owner", "team", "by"), user, pk=pk)
        locked = submission.is_locked(now, zone)
        editable = ForecastSubmission.objects.editable_by(user).filter(pk=pk).exists()
        context = {
            "submission": submission,
            "figures": Figures(submission.figures.all()),
            "now_figures": self._now(submission, submission.period, zone, now.astimezone(zone).date()),
            "adjustments": submission.adjustments.select_related("by"),
            "track": self._track(submission, now.astimezone(zone).date(), zone),
            "currency": submission.currency,
            "is_locked": locked,
            "may_adjust": editable and not locked,
        }
        return render(request, "sales/forecast/detail.html", context)

    def _now(self, submission: ForecastSubmission, period: Period, zone: Any, today: date) -> Figures:
        if submission.of_team:
            found = figures.of_teams(self._below(submission), period, zone, today)
            return with_lists(found, period, submission.team)
        return with_lists(figures.of_person(submission.owner, period, zone, today), period, submission.owner)

    def _track(self, submission: ForecastSubmission, today: date, zone: Any) -> tracks.Track:
        kind = submission.period_kind
        if submission.of_team:
            return tracks.of_teams({submission.team_id: self._below(submission)}, kind, today, zone)[submission.team_id]
        return tracks.of_people([submission.owner_id], kind, today, zone)[submission.owner_id]

    def _below(self, submission: ForecastSubmission) -> list[int]:
        below = Team.objects.visible_to(self.request.user).below([submission.team_id])
        return list(below.order_by().values_list("pk", flat=True))


class Adjustment(View):
    """A manager's numbers in the place of somebody's."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        submission = self._load(request, pk)
        counted = submission.counted
        form = AdjustmentForm(initial={"commit": counted.commit, "best_case": counted.best_case})
        return self._show(request, submission, form)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        submission = self._load(request, pk)
        form = AdjustmentForm(request.POST)
        if not form.is_valid():
            return self._show(request, submission, form, status=422)
        if first_time(request):
            try:
                forecasts.adjust(submission, by=request.user, at=timezone.now(), **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error.messages)
                return self._show(request, submission, form, status=422)
        toast(request, _("Adjusted. What was submitted stays readable beside it."))
        return redirect(f"{reverse('forecast')}?{urlencode({'period': submission.period.code})}")

    def _load(self, request: HttpRequest, pk: int) -> ForecastSubmission:
        return guards.get_permitted(
            ForecastSubmission.objects.select_related("owner", "team"), request.user, Verb.EDIT, pk=pk
        )

    def _show(self, request: HttpRequest, submission: ForecastSubmission, form: Any, status: int = 200) -> HttpResponse:
        context = {"submission": submission, "form": form}
        return render(request, "sales/forecast/adjustment.html", context, status=status)
