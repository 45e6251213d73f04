"""What the lead page says of a lead's score, its promise and how it came to whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.templatetags.components import badge
from customers.sales.models import Lead, lead_given
from customers.sales.models.lead_target import Countdown

register = template.Library()
TONES = {"running": "neutral", "soon": "warn", "late": "bad", "met": "good", "missed": "bad"}
ICONS = {"late": "alert-triangle", "soon": "clock", "running": "clock", "met": "check"}


@register.simple_tag
def lead_countdown(one: Countdown | None) -> SafeString | str:
    if one is None:
        return ""
    said = {
        "running": _("First contact within %(time)s"),
        "soon": _("First contact within %(time)s"),
        "late": _("First contact late by %(time)s"),
        "met": _("First contact in time"),
        "missed": _("First contact late"),
    }[one.status]
    return badge(said % {"time": _in_hours(one.time)}, TONES[one.status], ICONS.get(one.status, ""))


@register.simple_tag
def lead_given_by(lead: Lead) -> str:
    return lead_given.in_words(lead.given)


@register.filter
def signed(points: Any) -> str:
    """15 → "+15", -5 → "−5"."""
    return f"+{points}" if points > 0 else f"−{abs(points)}"


def _in_hours(time: timedelta | None) -> str:
    """Hours and minutes, never days, whose length in business time nobody could guess."""
    minutes = int(time.total_seconds()) // 60 if time else 0
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
