"""{% load evaluation_events %}: one event of a cycle, review or plan in words."""

from __future__ import annotations

from django import template

from crm.models.event import Event
from evaluation.views import stories

register = template.Library()


@register.simple_tag
def evaluation_sentence(event: Event) -> dict[str, str]:
    return stories.told(event)
