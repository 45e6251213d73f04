"""How long is left, in words: hours and minutes of business time, never days, whose length nobody could guess."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.templatetags.components import badge
from service.models import Countdown

register = template.Library()

TONES = {"running": "neutral", "soon": "warn", "late": "bad", "met": "good", "missed": "bad"}
TONES |= {"paused": "info", "paused_late": "bad"}
ICONS = {"late": "alert-triangle", "soon": "clock", "running": "clock", "met": "check"}
ICONS |= {"paused": "player-pause", "paused_late": "player-pause"}


MINUTE, NOTHING = timedelta(minutes=1), timedelta(0)


def in_hours(time: timedelta | None) -> str:
    """93,780 s → "26 h 3 min"."""
    if time is None:
        return ""
    minutes = max(int(time.total_seconds()) // 60, 1)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    if not rest:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


def sentence(countdown: Countdown) -> str:
    """Which promise, and how it stands."""
    if countdown.status == "paused" and countdown.time is None:
        return _("Paused")
    # Missed at closing time, nothing is late by anything before the calendar opens again: that is no number to show.
    if countdown.status in ("late", "paused_late") and (countdown.time or NOTHING) < MINUTE:
        return JUST_LATE[countdown.clock, countdown.status]()
    return WORDS[countdown.clock, countdown.status]() % {"time": in_hours(countdown.time)}


WORDS: dict[tuple[str, str], Any] = {
    ("first_response", "running"): lambda: _("Answer within %(time)s"),
    ("first_response", "soon"): lambda: _("Answer within %(time)s"),
    ("first_response", "late"): lambda: _("Answer late by %(time)s"),
    ("first_response", "met"): lambda: _("Answered in time"),
    ("first_response", "missed"): lambda: _("Answered late"),
    ("resolution", "running"): lambda: _("Resolve within %(time)s"),
    ("resolution", "soon"): lambda: _("Resolve within %(time)s"),
    ("resolution", "late"): lambda: _("Resolution late by %(time)s"),
    ("resolution", "paused"): lambda: _("Paused with %(time)s left"),
    ("resolution", "paused_late"): lambda: _("Paused, late by %(time)s"),
    ("resolution", "met"): lambda: _("Resolved in time"),
    ("resolution", "missed"): lambda: _("Resolved late"),
}
JUST_LATE: dict[tuple[str, str], Any] = {
    ("first_response", "late"): lambda: _("Answer late"),
    ("resolution", "late"): lambda: _("Resolution late"),
    ("resolution", "paused_late"): lambda: _("Paused, late"),
}


@register.simple_tag
def countdown(one: Countdown) -> SafeString:
    return badge(sentence(one), TONES[one.status], ICONS.get(one.status, ""))
