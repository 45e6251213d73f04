"""How many open sales have a next step with a date, beside what to do today."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.access import guards
from crm.access.permissions import Reach, Verb
from customers.sales.models import Opportunity, coverage

MOST_LINES = 40


@require_GET
def next_step_coverage(request: HttpRequest) -> HttpResponse:
    """One's own; for whoever answers for the work of others, also by team and person."""
    user: Any = request.user
    guards.require(user, Opportunity.kind, Verb.VIEW)
    now = timezone.now()
    manages = user.access.reach(Opportunity.kind, Verb.ASSIGN) > Reach.OWN
    # A manager's figures are about those whose work they may give to somebody else.
    rows = Opportunity.objects.permitted(user, Verb.ASSIGN) if manages else Opportunity.objects.visible_to(user)
    lines = coverage.lines(rows if manages else rows.filter(owner=user), user, now)
    mine = [line for line in lines if line.owner_id == user.pk]
    context = {
        "mine": coverage.total(mine),
        "manages": manages,
        "total": coverage.total(lines),
        "teams": by_team(lines) if manages else [],
    }
    return render(request, "sales/panels/coverage.html", context)


def by_team(lines: list[coverage.Line]) -> list[dict[str, Any]]:
    """Each team with its people, those that cover least first."""
    found = []
    for (team_id, name), members in groupby(lines[:MOST_LINES], key=lambda line: (line.team_id, line.team)):
        people = sorted(members, key=lambda line: (line.coverage.share or 0, line.owner))
        found.append({"id": team_id, "name": name, "coverage": coverage.total(people), "people": people})
    return found
