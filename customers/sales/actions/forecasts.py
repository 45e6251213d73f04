"""Forecasts are submitted and adjusted while their week lasts; after that nobody changes them."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import events
from crm.actions.notifications import notify
from crm.models import Team, User
from customers.sales.models import ForecastAdjustment, ForecastFigure, ForecastSubmission
from customers.sales.models import forecast_figures as figures
from customers.sales.models.currency import in_cents
from customers.sales.models.forecast_period import Period, organisation_zone, week_of


@transaction.atomic
def submit(
    *,
    period: Period,
    commit: Decimal,
    best_case: Decimal,
    by: User,
    at: datetime,
    note: str = "",
    team: Team | None = None,
    week: date | None = None,
    zone: tzinfo | None = None,
) -> ForecastSubmission:
    """Say what will be won in a period: one's own, or a team's with those below it.

    Keeps what the pipeline holds at this moment beside it. `week` is the one whoever submits had before them: where it
    is over meanwhile, what stands there is locked and this is refused.
    """
    zone = zone or organisation_zone()
    current = week_of(at, zone)
    if week is not None and week != current:
        raise ValidationError(_("The week this was meant for is over, and its forecast is locked. Submit it anew."))
    if period.is_over(at.astimezone(zone).date()):
        raise ValidationError({"period": _("This period is over.")})
    _check(commit, best_case)
    submission = ForecastSubmission(
        owner=by, team=team or by.team, of_team=team is not None, period_kind=period.kind, period_start=period.start,
        week=current, submitted_at=at, by=by, currency=settings.CURRENCY, commit=commit, best_case=best_case,
        note=note.strip(),
    )  # fmt: skip
    submission.full_clean()
    submission.save(force_insert=True)
    _keep_figures(submission, period, zone, at.astimezone(zone).date())
    data = {"period": period.code, "team": str(team or ""), "amount": str(commit), "currency": settings.CURRENCY}
    events.record("forecast.submitted", submission, by=by, at=at, data=data)
    return submission


@transaction.atomic
def adjust(
    submission: ForecastSubmission,
    *,
    commit: Decimal,
    best_case: Decimal,
    note: str,
    by: User,
    at: datetime,
    zone: tzinfo | None = None,
) -> ForecastAdjustment:
    """Put a manager's numbers in the place of what was submitted, and why; what was submitted stays readable."""
    zone = zone or organisation_zone()
    if submission.is_locked(at, zone):
        raise ValidationError(_("The week of this forecast is over: it is locked."))
    if not note.strip():
        raise ValidationError({"note": _("Say why.")})
    _check(commit, best_case)
    adjustment = ForecastAdjustment(
        submission=submission, commit=commit, best_case=best_case, note=note.strip(), by=by, at=at
    )
    adjustment.full_clean()
    adjustment.save(force_insert=True)
    data = {"amount": str(commit), "before": str(submission.commit), "currency": submission.currency, "note": note}
    events.record("forecast.adjusted", submission, by=by, at=at, data=data)
    if submission.owner_id != by.pk:
        with translation.override(submission.owner.language):
            period = submission.period.label
        notify(
            submission.owner,
            gettext_noop("%(name)s adjusted your forecast for %(period)s."),
            values={"name": by.name, "period": period},
            url=submission.get_absolute_url(),
            key=f"forecast-adjusted-{adjustment.pk}",
            at=at,
        )
    return adjustment


def _check(commit: Decimal, best_case: Decimal) -> None:
    if commit < 0:
        raise ValidationError({"commit": _("This cannot be less than nothing.")})
    if best_case < commit:
        raise ValidationError({"best_case": _("The best case is not less than what you commit to.")})


def _keep_figures(submission: ForecastSubmission, period: Period, zone: tzinfo, today: date) -> None:
    """As the pipeline says then, at the rates of then."""
    if submission.of_team and submission.team is not None:
        below = Team.objects.below([submission.team]).order_by().values_list("pk", flat=True)
        found = figures.of_teams(list(below), period, zone, today)
    else:
        found = figures.of_person(submission.owner, period, zone, today)
    sums: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for row in found.rows:
        count, amount = sums.get((row.category, row.currency), (0, Decimal(0)))
        sums[row.category, row.currency] = (count + row.count, amount + row.amount)
    ForecastFigure.objects.bulk_create(
        ForecastFigure(
            submission=submission, category=category, currency=currency, count=count, amount=in_cents(amount)
        )
        for (category, currency), (count, amount) in sorted(sums.items())
    )
