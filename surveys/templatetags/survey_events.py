from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from surveys.views import sentences

register = template.Library()


@register.simple_tag
def told_of_survey(event: Any) -> dict[str, Any]:
    """An event about an invitation or a response in words."""
    return sentences.sentence(event) | {"url": reverse(f"{event.subject_kind}-detail", args=[event.subject_id])}
