"""How promising a lead is: the points of every rule that holds, computed in one statement for one lead or for all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.sales.models.lead import Lead
from customers.sales.models.lead_condition import LeadCondition

LIMIT = 1000  # points of one rule, either way


class LeadScoreRuleQuerySet(models.QuerySet["LeadScoreRule"]):
    def active(self) -> Self:
        return self.filter(is_active=True).order_by("position", "pk")


class LeadScoreRule(LeadCondition):
    """So many points for leads of which something is true."""

    name = models.CharField(_("name"), max_length=80, unique=True, help_text=_("It is shown on the lead."))
    points = models.SmallIntegerField(_("points"), help_text=_("Below 0 they are taken off."))
    position = models.PositiveSmallIntegerField(_("position"), default=10)
    is_active = models.BooleanField(pgettext_lazy("lead rule", "active"), default=True)

    objects = LeadScoreRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("scoring rule for leads")
        verbose_name_plural = _("scoring rules for leads")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=-LIMIT, points__lte=LIMIT) & ~Q(points=0),
                name="lead_score_rule_has_points",
                violation_error_message=_("Between -1000 and 1000 points, and not 0."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.points == 0:
            raise ValidationError({"points": _("Between -1000 and 1000 points, and not 0.")})


# The parts are kept with the score, so that it explains itself even after the rules have changed.
STATEMENT = """
UPDATE sales_lead AS lead SET score = fresh.score, score_parts = fresh.parts
FROM (
    SELECT asked.id, coalesce(sum(part.points), 0) AS score,
        coalesce(
            jsonb_agg(jsonb_build_object('name', part.name, 'points', part.points) ORDER BY part.place)
                FILTER (WHERE part.points <> 0), '[]'::jsonb) AS parts
    FROM ({asked}) AS asked
    LEFT JOIN LATERAL (VALUES {parts}) AS part (place, name, points) ON TRUE
    GROUP BY asked.id
) AS fresh
WHERE lead.id = fresh.id AND (lead.score, lead.score_parts) IS DISTINCT FROM (fresh.score, fresh.parts)
RETURNING lead.id, lead.score, lead.score_parts
"""


def compute(now: datetime, leads: Iterable[Lead] | None = None) -> int:
    """Score all open leads, or these; returns how many changed. Closed ones keep the score they were closed with."""
    given = None if leads is None else {lead.pk: lead for lead in leads}
    rules = list(LeadScoreRule.objects.active())
    rows = Lead.objects.alive().open().order_by()
    if given is not None:
        rows = rows.filter(pk__in=list(given))
    columns: dict[str, Any] = {
        f"rule_{rule.pk}": Case(When(rule.holds(now), then=Value(rule.points)), default=Value(0)) for rule in rules
    }
    asked, values = rows.values("id", **columns).query.sql_with_params()
    parts = ", ".join(f"({place}, %s::text, asked.rule_{rule.pk})" for place, rule in enumerate(rules))
    statement = STATEMENT.format(asked=asked, parts=parts or "(0, NULL::text, 0)")
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *(rule.name for rule in rules)])
        changed = cursor.fetchall()
    for pk, score, found in changed if given is not None else ():
        given[pk].score, given[pk].score_parts = score, json.loads(found)  # type: ignore[index]
    return len(changed)
