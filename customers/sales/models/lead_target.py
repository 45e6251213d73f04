"""How soon somebody gets in touch with a lead: promised in business time, by form or source channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import business_time
from crm.business_time import Calendar
from crm.models import BusinessCalendar
from crm.models.configured_code import CodeField
from customers.models import SourceChannel
from customers.sales.models.lead import Lead
from customers.sales.models.lead_form import LeadForm

log = structlog.get_logger(__name__)
SOON = 0.25  # of the target: the countdown turns yellow


class LeadTarget(models.Model):
    """Minutes until the first contact. The form's counts before the channel's, and that before the one for all."""

    form = models.ForeignKey(
        LeadForm, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("lead form")
    )
    channel = CodeField(
        _("source channel"), max_length=12, of=SourceChannel, blank=True,
        help_text=_("Without form and channel it is for all leads."),
    )  # fmt: skip
    minutes = models.PositiveIntegerField(_("minutes"), validators=[MinValueValidator(1)])
    calendar = models.ForeignKey(
        BusinessCalendar, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("calendar"),
        help_text=_("The hours that count. Empty: around the clock."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("target for the first contact")
        verbose_name_plural = _("targets for the first contact")
        ordering = ["form__name", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "channel"], nulls_distinct=False, name="lead_target_once",
                violation_error_message=_("There is a target for these already."),
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="lead_target_is_longer_than_nothing"),
            models.CheckConstraint(
                condition=Q(form=None) | Q(channel=""),
                name="lead_target_of_a_form_or_a_channel",
                violation_error_message=_("Choose either a form or a channel."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.form or self.get_channel_display() or _("all leads"))

    @property
    def hours(self) -> Calendar | None:
        """None: around the clock. A calendar without hours promises nothing, but stops nobody from working."""
        return self.calendar.as_calendar() if self.calendar else None


def target_of(lead: Lead) -> LeadTarget | None:
    known = LeadTarget.objects.filter(Q(form=lead.form_id, form__isnull=False) | Q(form=None))
    found = [one for one in known.select_related("calendar") if one.form_id or one.channel in ("", lead.channel)]
    return min(found, key=lambda one: (one.form_id is None, not one.channel), default=None)


def due_at(lead: Lead, start: datetime) -> datetime | None:
    """Until when somebody should have been in touch."""
    target = target_of(lead)
    if target is None:
        return None
    time = timedelta(minutes=target.minutes)
    try:
        hours = target.hours
        return business_time.due(hours, start, time) if hours else start + time
    except ValueError as error:
        log.warning("lead_target_impossible", target=target.pk, error=str(error))
        return None


@dataclass(frozen=True)
class Countdown:
    """How the promise stands. `time` is what is left, or by how much it is late, in the hours that count."""

    status: str  # running, soon, late, met or missed
    due: datetime
    time: timedelta | None = None


def countdown(lead: Lead, now: datetime) -> Countdown | None:
    due = lead.contact_due_at
    if due is None or (lead.first_contact_at is None and not lead.is_open):
        return None
    if lead.first_contact_at is not None:
        return Countdown("met" if lead.first_contact_at <= due else "missed", due)
    target = target_of(lead)
    if now > due:
        return Countdown("late", due, _between(target, due, now))
    left = _between(target, now, due)
    is_soon = left <= _between(target, lead.created_at, due) * SOON
    return Countdown("soon" if is_soon else "running", due, left)


def _between(target: LeadTarget | None, start: datetime, end: datetime) -> timedelta:
    try:
        hours = target.hours if target else None
    except ValueError:
        hours = None
    return business_time.elapsed(hours, start, end) if hours else end - start
