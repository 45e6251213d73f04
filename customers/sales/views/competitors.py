"""Competitors, how often they are beaten, and where they are met."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.models import StaleVersion
from crm.web.submit_once import first_time
from crm.web.toasts import toast
from customers.sales.actions import competitors
from customers.sales.forms.competitors import CompetitorForm, MetForm, StandingForm
from customers.sales.models import Competitor, Opportunity, OpportunityCompetitor, competition
from customers.sales.models.forecast_period import organisation_zone
from customers.sales.views.buying_roles import editable, gone
from customers.views import editing, timeline

LATEST = 10
YEAR = timedelta(days=365)


class Detail(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        competitor = guards.get_visible(Competitor.objects.all(), user, pk=pk)
        seen = Opportunity.objects.visible_to(user)
        met = OpportunityCompetitor.objects.visible_to(user).filter(competitor=competitor)
        latest = met.select_related("opportunity__stage", "opportunity__customer").order_by("-opportunity__updated_at")
        context = {
            "competitor": competitor,
            "tallies": tallies(competitor, seen, timezone.now()),
            "met": latest[:LATEST],
            "sees_opportunities": user.access.may(Opportunity.kind, Verb.VIEW),
            "may_edit": editing.allows(user, competitor, Verb.EDIT),
            "may_delete": editing.allows(user, competitor, Verb.DELETE),
            **timeline.context(request, competitor),
        }
        return render(request, "sales/competitor/detail.html", context)


def tallies(competitor: Competitor, seen: Any, now: datetime) -> list[dict[str, Any]]:
    """Of this quarter, the last, the last 365 days, and ever; each with the days that lead to its opportunities."""
    zone = organisation_zone()
    today = now.astimezone(zone).date()
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    before = (quarter - timedelta(days=1)).replace(day=1)
    before = date(before.year, before.month - 2, 1)
    spans: list[tuple[str, date | None, date | None]] = [
        (_("This quarter"), quarter, None),
        (_("Last quarter"), before, quarter - timedelta(days=1)),
        (_("Last 365 days"), today - YEAR, None),
        (_("Altogether"), None, None),
    ]

    def midnight(day: date | None, more: int = 0) -> datetime | None:
        return datetime.combine(day + timedelta(days=more), datetime.min.time(), zone) if day else None

    rows = []
    for label, first, last in spans:
        found = competition.against([competitor.pk], seen, midnight(first), midnight(last, 1))
        tally = found.get(competitor.pk, competition.Tally())
        rows.append({"label": label, "first": first, "last": last, "tally": tally})
    return rows


class Timeline(timeline.Timeline):
    model = Competitor


timeline.FILTERS["competitor"] = [("", gettext_lazy("Everything")), ("competitor", gettext_lazy("Changes"))]


class New(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Competitor.kind, Verb.CREATE)
        return self.page(CompetitorForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        guards.require(request.user, Competitor.kind, Verb.CREATE)
        form = CompetitorForm(request.POST)
        if not form.is_valid():
            return self.page(form, status=422)
        if not first_time(request):
            return redirect("competitor-list")
        try:
            competitor = competitors.create(by=request.user, at=timezone.now(), **form.changes())
        except ValidationError as error:
            form.add_action_errors(error)
            return self.page(form, status=422)
        toast(request, _("The competitor is on the list."))
        return redirect(competitor.get_absolute_url())

    def page(self, form: Any, status: int = 200) -> HttpResponse:
        return render(self.request, "sales/competitor/form.html", {"form": form}, status=status)


class Edit(editing.Edit):
    model = Competitor
    form_class = CompetitorForm
    template_name = "sales/competitor/form.html"
    update = competitors.update


class Delete(editing.Delete):
    model = Competitor
    to_bin = competitors.delete
    explanation = gettext_lazy("Where they were met stays written down. Who is not met any more can be marked as such.")
    done = gettext_lazy("The competitor is in the bin.")


class Restoration(editing.Restore):
    model = Competitor
    from_bin = competitors.restore
    done = gettext_lazy("The competitor is back.")


class OpportunityCompetitors(View):
    """Beside an opportunity: who else is offering."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        user: Any = request.user
        opportunity = guards.get_visible(Opportunity.objects.all(), user, pk=pk)
        rows = OpportunityCompetitor.objects.visible_to(user).filter(opportunity=opportunity)
        context = {
            "opportunity": opportunity,
            "rows": rows.select_related("competitor", "opportunity__stage").order_by("competitor__name", "pk"),
            "may_edit": editing.allows(user, opportunity, Verb.EDIT) and user.access.may(Competitor.kind, Verb.VIEW),
        }
        return render(request, "sales/panels/competitors.html", context)


class MetNew(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        return _page(request, opportunity, MetForm(opportunity=opportunity, user=request.user))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        form = MetForm(request.POST, opportunity=opportunity, user=request.user)
        return _write(request, opportunity, form.cleaned_data["competitor"] if form.is_valid() else None, form)


class MetEdit(View):
    def get(self, request: HttpRequest, pk: int, competitor_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = _row(request, opportunity, competitor_pk)
        if row is None:
            return gone(request, opportunity)
        return _page(request, opportunity, StandingForm.of(row), row.competitor)

    def post(self, request: HttpRequest, pk: int, competitor_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = _row(request, opportunity, competitor_pk)
        if row is None:
            return gone(request, opportunity)
        return _write(request, opportunity, row.competitor, StandingForm(request.POST, opportunity=opportunity))


class MetRemoval(View):
    def post(self, request: HttpRequest, pk: int, competitor_pk: int) -> HttpResponse:
        opportunity = editable(request, pk)
        row = _row(request, opportunity, competitor_pk)
        if row is not None:
            competitors.remove(opportunity, row.competitor, by=request.user, at=timezone.now())
            toast(request, _("%(competitor)s was not met here.") % {"competitor": row.competitor})
        return redirect(opportunity.get_absolute_url())


def _row(request: HttpRequest, opportunity: Opportunity, competitor_pk: int) -> OpportunityCompetitor | None:
    rows = OpportunityCompetitor.objects.visible_to(request.user).filter(opportunity=opportunity)
    return rows.filter(competitor=competitor_pk).select_related("competitor", "opportunity__stage").first()


def _write(request: HttpRequest, opportunity: Opportunity, competitor: Any, form: StandingForm) -> HttpResponse:
    shown = None if isinstance(form, MetForm) else competitor
    if not form.is_valid():
        return _page(request, opportunity, form, shown, status=422)
    try:
        competitors.note(opportunity, competitor, by=request.user, at=timezone.now(), **form.said())
    except StaleVersion:
        form.add_error(None, _("Somebody else changed this meanwhile. Close this and look at it again."))
        return _page(request, opportunity, form, shown, status=409)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, opportunity, form, shown, status=422)
    toast(request, _("Saved."))
    return redirect(opportunity.get_absolute_url())


def _page(
    request: HttpRequest, opportunity: Opportunity, form: StandingForm, competitor: Any = None, status: int = 200
) -> HttpResponse:
    context = {"opportunity": opportunity, "form": form, "competitor": competitor}
    return render(request, "sales/opportunity/competitor.html", context, status=status)
