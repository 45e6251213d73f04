from __future__ import annotations

from typing import Any

from django import template

from crm.models import Event
from customers.sales.views import sentences
from customers.views.sentences import Sentence

register = template.Library()


@register.simple_tag(takes_context=True)
def sales_sentence(context: Any, event: Event) -> Sentence:
    """An event of this app in words: {% sales_sentence entry.item as said %}."""
    return sentences.of(event, context["request"].user)
