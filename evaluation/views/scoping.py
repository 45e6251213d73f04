"""Which scope and period a page is about: both are in its URL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from crm.access.permissions import Reach, Verb
from crm.models import Team, User
from customers.models import Segment
from evaluation.engine import COMPANY, Scope, asking, scopes, statements, wording
from evaluation.engine.asking import code_of, default_scope
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi

MOST_SEGMENTS = 200
MOST_PEOPLE = 200  # in the choice; beyond, one chooses a team first
LONGEST_DAYS = 40 * 366  # the course before it has 24 of them, and has to lie in the calendar too


__all__ = ["asked_period", "asked_scope", "code_of", "default_scope", "narrowed", "options", "query", "segments"]


@dataclass(frozen=True)
class Option:
    code: str
    label: str
    chosen: bool


def asked_scope(request: HttpRequest, user: User) -> Scope:
    """The scope of the URL; 404 for one that does not exist, and alike for one out of reach."""
    scope = asking.scope_of(user, request.GET.get("scope", ""))
    if scope is None:
        raise Http404(_("There is no such scope, or its numbers are not yours to see."))
    return scope


def options(user: User, chosen: Scope) -> dict[str, list[Option]]:
    """What the person can switch to: the company, teams, and the people of the chosen team or their own."""
    reach = user.access.reach("measurement", Verb.VIEW)
    found = [COMPANY] if reach == Reach.ALL else []
    teams = list(_teams(user, reach))
    groups = {_("Company"): found, _("Teams"): [scopes.of_team(team) for team in teams]}
    groups[_("People")] = [scopes.of_person(person) for person in _people(user, reach, chosen)]
    if chosen.kind not in ("company", "team", "person"):
        groups[_("Other")] = [chosen]
    return {
        label: [Option(code_of(one), wording.scope_name(one), code_of(one) == code_of(chosen)) for one in members]
        for label, members in groups.items()
        if members
    }


def narrowed(request: HttpRequest, kpi: Kpi, scope: Scope, user: User) -> Scope:
    """The scope, of the members of the URL's segment only where it names one; 404 for one out of sight."""
    segment = asked_segment(request, user)
    if segment is None:
        return scope
    try:
        return asking.narrowed(user, kpi, scope, segment)
    except scopes.ScopeError:
        raise Http404(_("This KPI is not about customers, so it cannot be narrowed to a segment.")) from None


def asked_segment(request: HttpRequest, user: User) -> Segment | None:
    """The segment that the URL names, if any; 404 for one out of sight."""
    pk = request.GET.get("segment", "")
    segment = asking.segment_of(user, pk) if pk else None
    if pk and segment is None:
        raise Http404(_("There is no such segment, or it is not yours to see."))
    return segment


def segments(user: User, kpi: Kpi, scope: Scope) -> list[Option]:
    """What a number about customers can be narrowed to."""
    return all_segments(user, scope.within.key if scope.within else None) if kpi.facts.customer else []


def all_segments(user: User, chosen: int | None) -> list[Option]:
    rows = Segment.objects.visible_to(user).order_by("name", "pk")[:MOST_SEGMENTS]
    return [Option(str(row.pk), row.name, row.pk == chosen) for row in rows]


def _teams(user: User, reach: Reach) -> list[Team]:
    rows = Team.objects.order_by("path_names")  # scoped: by reach below
    if reach == Reach.ALL:
        return list(rows)
    if reach == Reach.SUBTREE:
        return list(rows.filter(pk__in=user.access.subtree_ids))
    return list(rows.filter(pk=user.team_id)) if reach == Reach.TEAM else []


def _people(user: User, reach: Reach, chosen: Scope) -> list[User]:
    if reach <= Reach.OWN:
        return [user]
    rows = User.objects.active().order_by("name", "pk")  # scoped: by reach below
    if chosen.kind == "team":
        rows = rows.filter(team__path__contains=[chosen.key])
    elif chosen.kind == "person":
        rows = rows.filter(team__people=chosen.key)
    elif not chosen.is_company:
        return []
    return list(rows.distinct()[:MOST_PEOPLE])


def asked_period(request: HttpRequest, now: datetime, kinds: tuple[str, ...], default: str = periods.MONTH) -> Period:
    """The period of the URL, the current one without; 404 where it names none of the allowed kinds."""
    text = request.GET.get("period", "")
    if not text:
        return periods.containing(default, today(now))
    try:
        period = periods.parse(text)
    except periods.PeriodError as error:
        raise Http404(str(error)) from None
    if period.kind not in kinds or period.days > LONGEST_DAYS:
        raise Http404(_("Numbers are not kept for periods of this length here."))
    return period


def today(now: datetime) -> date:
    return now.astimezone(statements.zone()).date()


def query(scope: Scope, period: Period, **more: str) -> str:
    within = {"segment": scope.within.key} if scope.within else {}
    return "?" + urlencode({"scope": code_of(scope), "period": period.label, **within, **more})
