"""Sentences of templates: what is counted in them is grouped by thousands, as everywhere else on the page."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.i18n import do_block_translate

from crm.web import formats

register = template.Library()


class Counted(int):
    """Chooses between one and many like any number, and reads "1,260"."""

    def __str__(self) -> str:
        return formats.number(int(self))


class Counter:
    """The counter of a sentence, from the template: numbers beside it may be a year, this one is a count."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def resolve(self, context: Any) -> Any:
        count = self.given.resolve(context)
        return Counted(count) if isinstance(count, int) else count


@register.tag("blocktranslate")
def blocktranslate(parser: Any, token: Any) -> Any:
    node: Any = do_block_translate(parser, token)
    if node.counter is not None:
        node.counter = Counter(node.counter)
    return node
