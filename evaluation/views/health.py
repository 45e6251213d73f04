"""A customer's health, in words: what speaks for it, what against, and how sure that is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from crm.access import guards
from crm.access.permissions import Verb
from crm.web import formats
from customers.models import Customer
from evaluation.engine.health import COMPLAINT_DAYS, MEASURES, Measure
from evaluation.models import Band, HealthScore

TONES = {Band.GREEN: "good", Band.AMBER: "warn", Band.RED: "bad", Band.UNKNOWN: "neutral"}
ICONS = {Band.GREEN: "circle-check", Band.AMBER: "alert-triangle", Band.RED: "circle-x", Band.UNKNOWN: "help"}
HISTORY = 60


class CustomerHealth(View):
    """The panel on a customer's page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.all(), request.user, pk=pk)
        guards.require(request.user, HealthScore.kind, Verb.VIEW)
        found = HealthScore.objects.visible_to(request.user).filter(customer=customer).first()
        history = list(customer.health_history.order_by("-day")[:HISTORY])[::-1] if found else []
        context = {
            "health": found,
            "tone": TONES[Band(found.band)] if found else "",
            "icon": ICONS[Band(found.band)] if found else "",
            "lines": lines(found) if found else [],
            "complaint_days": COMPLAINT_DAYS,
            "chart": chart(history) if len(history) > 1 else None,
        }
        return render(request, "evaluation/health/panel.html", context)


def lines(found: HealthScore) -> list[dict[str, Any]]:
    """One line for each component: its points, and the observation they come from."""
    rows = zip(MEASURES, found.raw, found.ages, found.points, strict=True)
    return [
        {
            "name": measure.name,
            "text": observed(measure, raw, age),
            "points": "" if raw is None else signed(points),
            "tone": "" if raw is None or not round(points, 1) else "good" if points > 0 else "bad",
        }
        for measure, raw, age, points in rows
    ]


def signed(points: float) -> str:
    text = formats.number(abs(points), decimals=1)
    return f"{'+' if round(points, 1) > 0 else '−' if round(points, 1) < 0 else '±'}{text}"


def observed(measure: Measure, raw: float | None, age: float | None) -> str:
    """What was seen, in words."""
    if raw is None:
        return {
            "recency": _("no contact noted yet"),
            "frequency": _("no contact noted yet"),
            "satisfaction": _("no answer to a survey within a year"),
            "service": _("no ticket within a year"),
        }[measure.code]
    whole = int(raw)
    if measure.code == "recency":
        if raw >= measure.anchors[0]:
            return _("180 days ago or longer")
        return ngettext("%(count)d day ago", "%(count)d days ago", whole) % {"count": whole}
    if measure.code == "frequency":
        return ngettext("%(count)d contact", "%(count)d contacts", whole) % {"count": whole}
    if measure.code == "satisfaction":
        days = int(age or 0)
        return ngettext(
            "%(share)s of the scale, %(count)d day ago", "%(share)s of the scale, %(count)d days ago", days
        ) % {"share": formats.percent(raw, 0), "count": days}
    if not whole:
        return _("nothing overdue, nothing reopened")
    if raw >= measure.anchors[0]:
        return _("three or more overdue or reopened tickets")
    return ngettext("%(count)d overdue or reopened ticket", "%(count)d overdue or reopened tickets", whole) % {
        "count": whole
    }


def chart(history: list[Any]) -> dict[str, Any]:
    """The days on which something changed, as steps from 0 to 100."""
    values = [{"day": row.day.isoformat(), "score": row.score} for row in history]
    spec = {
        "data": {"values": values},
        "height": 60,
        "mark": {"type": "line", "interpolate": "step-after", "point": len(history) < 15},
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None, "axis": {"labelAngle": 0, "tickCount": 3}},
            "y": {
                "field": "score", "type": "quantitative", "scale": {"domain": [0, 100]}, "title": None,
                "axis": {"values": [0, 50, 100]},
            },
        },
    }  # fmt: skip
    rows = [
        [formats.exact_date(row.day), formats.number(row.score, decimals=0), row.get_band_display()] for row in history
    ]
    return {"spec": spec, "head": [_("Day"), _("Score"), _("Band")], "rows": rows}
