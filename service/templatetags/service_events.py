from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from service.views import sentences

register = template.Library()


@register.simple_tag
def told(event: Any) -> dict[str, Any]:
    """An event about a ticket in words: {% told entry.item as said %}."""
    return sentences.sentence(event) | {"url": reverse("ticket-detail", args=[event.subject_id])}
