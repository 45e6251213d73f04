"""The cards of the board. A board has hundreds of them, and a template took as long for each as for a small page: what
they share is put into words once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.access import addresses
from crm.joining import colon
from crm.markup import html
from crm.templatetags import components, values
from customers.sales.models import closed_amounts

register = template.Library()

NOTHING = SafeString("")
CARD = """<li class="kanban-card" id="card-{pk}" data-card="{pk}" data-label="{name}"{movable}>
  <a class="fw-medium d-block pe-4" href="{url}">{name}</a>
  {customer}
  <div class="d-flex flex-wrap gap-2 align-items-center small mt-1">
    <strong>{amount}</strong>
    {state}
    <span class="ms-auto">{owner}</span>
  </div>
  {handle}
</li>
"""


@register.simple_tag
def board_cards(cards: Iterable[Any], today: date) -> SafeString:
    """{% board_cards column.cards today %}: opportunities `for_cards`, with `add_next_steps` and `mark_movable`."""
    drawing = Drawing(today)
    return SafeString("".join(drawing.card(card) for card in cards))


def put_off(times: int) -> str:
    return ngettext("put off %(n)s time", "put off %(n)s times", times) % {"n": times}


class Drawing:
    def __init__(self, today: date) -> None:
        self.today = today
        self.is_closed = closed_amounts.are_hidden()
        self.overdue = html("{}{}{}", components.picture("clock"), _("overdue"), colon(_("overdue")))
        self.no_next_step = html(
            '<span class="d-inline-flex align-items-center gap-1 text-warn">{}{}</span>',
            components.picture("alert-triangle"), _("no next step"),
        )  # fmt: skip
        self.rotting = html(
            '<span class="d-inline-flex align-items-center gap-1 text-bad">{}{}</span>',
            components.picture("hourglass-high"), _("lying too long"),
        )  # fmt: skip
        # Days and people come back from card to card.
        self.closes, self.avatar = cache(self._closes), cache(self._avatar)
        self.move, self.grip = _("Move %(name)s"), components.picture("grip-vertical")
        self.page, self.place = addresses.of_records("opportunity-detail"), addresses.of_records("opportunity-stage")

    def card(self, card: Any) -> SafeString:
        return html(
            CARD,
            pk=card.pk,
            name=card.name,
            url=self.page(card.pk),
            movable=self.movable(card) if card.is_movable else NOTHING,
            customer=html('<div class="small text-soft">{}</div>', card.customer.name) if card.customer else NOTHING,
            amount=NOTHING if self.is_closed else values.money(card.amount, card.currency, 0),
            state=self.open(card) if card.stage.is_open else self.closed(card.stage),
            owner=self.avatar(card.owner.name) if card.owner else NOTHING,
            handle=self.handle(card) if card.is_movable else NOTHING,
        )

    def movable(self, card: Any) -> SafeString:
        address = self.place(card.pk)
        return html(' data-move-url="{}?seen_in={}" data-version="{}"', address, card.stage_id, card.version)

    def handle(self, card: Any) -> SafeString:
        return html(
            '<button type="button" data-handle aria-pressed="false" aria-label="{}">{}</button>',
            self.move % {"name": card.name}, self.grip,
        )  # fmt: skip

    def open(self, card: Any) -> SafeString:
        """When it should close, and what is missing."""
        closes = self.closes(card.expected_close) if card.expected_close else NOTHING
        if getattr(card, "rotten_days", None) is not None:
            closes += self.rotting
        if card.close_pushes:
            closes += html('<span class="text-warn">{}</span>', put_off(card.close_pushes))
        return closes if card.has_next_step else closes + self.no_next_step

    @staticmethod
    def _avatar(name: str) -> SafeString:
        return values.person(name, only_avatar=True)

    def _closes(self, day: date) -> SafeString:
        late = day < self.today
        return html(
            '<span class="d-inline-flex align-items-center gap-1{}">{}{}</span>',
            " text-bad" if late else "", self.overdue if late else NOTHING, values.day(day),
        )  # fmt: skip

    @staticmethod
    def closed(stage: Any) -> SafeString:
        return components.badge(stage.name, "good" if stage.is_won else "neutral")
