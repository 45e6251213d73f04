from __future__ import annotations

from typing import Any

from django import template

from crm.models import Event
from customers.lists.activities import OUTCOME_TONES
from customers.lists.customers import HEALTH_TONES, LIFECYCLE_TONES
from customers.views import sentences

register = template.Library()

ACTIVITY_ICONS = {
    "call": "phone",
    "meeting": "users",
    "visit": "map-pin",
    "email": "mail",
    "message": "message",
    "note": "note",
}


@register.simple_tag(takes_context=True)
def sentence(context: Any, event: Event) -> sentences.Sentence:
    """An event of this app in words: {% sentence entry.item as said %}."""
    return sentences.of(event, context["request"].user)


@register.filter
def activity_icon(activity: Any) -> str:
    return ACTIVITY_ICONS.get(activity.type, "activity")


@register.filter
def outcome_tone(activity: Any) -> str:
    return OUTCOME_TONES.get(activity.outcome, "neutral")


@register.filter
def lifecycle_tone(customer: Any) -> str:
    return LIFECYCLE_TONES.get(customer.lifecycle, "neutral")


@register.filter
def health_tone(customer: Any) -> str:
    band = customer.health_band
    return HEALTH_TONES[band] if band else "neutral"
