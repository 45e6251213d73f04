"""What stands on the calendar. It has hundreds of entries, and a template took as long for each as for a small page; as
on the board, what they share is put into words once. Hours become lines on a phone, and are drawn as both; of a month
each entry is drawn once, with what a phone shows of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.access import addresses
from crm.joining import comma
from crm.markup import html
from crm.templatetags import components

register = template.Library()

NOTHING = SafeString("")
ENTRY = """<li class="calendar-entry hue-{hue}{done}" data-card="{pk}" data-label="{task}" data-version="{version}"
  {movable}>
  <a href="{url}" title="{titled}">{at}{task}<span class="calendar-owner">{owner}</span></a>
  {handle}{buttons}
</li>
"""
LINE = """<li class="calendar-line hue-{hue}">
  <span class="calendar-time">{at}</span>
  <span class="calendar-what"><a href="{url}">{task}</a> <span class="text-soft">{owner}</span></span>
  {buttons}
</li>
"""


@register.simple_tag
def calendar_entries(entries: Iterable[Any], view: str) -> SafeString:
    """{% calendar_entries each.entries shown.view %}: in a cell of the grid."""
    return SafeString("".join(map(_drawing(view, get_language()).entry, entries)))


@register.simple_tag
def calendar_lines(entries: Iterable[Any]) -> SafeString:
    """{% calendar_lines each.entries %}: one below the other, with what can be done in place."""
    return SafeString("".join(map(_drawing("agenda", get_language()).line, entries)))


class Drawing:
    def __init__(self, view: str) -> None:
        self.view = view
        self.move, self.grip = _("Move %(task)s"), components.picture("grip-vertical")
        self.all_day, self.done, self.shift = _("all day"), _("Done"), _("Move")
        self.comma = comma()
        self.page = addresses.of_records("task-detail")
        self.result, self.time = addresses.of_records("task-result"), addresses.of_records("task-time")

    def entry(self, entry: Any) -> SafeString:
        task = entry.task
        title, owner = task.title, task.owner or ""
        return html(
            ENTRY,
            hue=entry.hue,
            done=" is-done" if task.is_done else "",
            pk=task.pk,
            task=title,
            version=task.version,
            movable=html('data-move-url="{}"', self.time(task.pk)) if entry.is_movable else NOTHING,
            url=self.page(task.pk),
            titled=f"{title}{self.comma}{owner}" if owner else title,
            at=NOTHING if task.all_day else html('<span class="calendar-at">{}</span> ', self.at(entry)),
            owner=f"{self.comma}{owner}",
            handle=self.handle(title) if entry.is_movable else NOTHING,
            buttons=self.buttons(task.pk) if entry.is_movable and self.view == "month" else NOTHING,
        )

    def at(self, entry: Any) -> str:
        """From when, and in the view of a day until when."""
        if self.view == "day" and entry.task.starts_at:
            return f"{clock(entry.begins)}–{clock(timezone.localtime(entry.task.due_at))}"
        return clock(entry.begins)

    def handle(self, title: str) -> SafeString:
        return html(
            '<button type="button" data-handle aria-pressed="false" aria-label="{}">{}</button>',
            self.move % {"task": title}, self.grip,
        )  # fmt: skip

    def line(self, entry: Any) -> SafeString:
        task = entry.task
        return html(
            LINE,
            hue=entry.hue,
            at=self.all_day if task.all_day else clock(entry.begins),
            url=self.page(task.pk),
            task=html("<s>{}</s>", task.title) if task.is_done else task.title,
            owner=task.owner or "",
            buttons=self.buttons(task.pk) if entry.is_movable else NOTHING,
        )

    def buttons(self, pk: int) -> SafeString:
        return html(
            '<span class="calendar-do">{}{}</span>',
            in_dialog(self.done, self.result(pk), "check"), in_dialog(self.shift, self.time(pk), "calendar-event"),
        )  # fmt: skip


def in_dialog(label: str, address: str, icon: str) -> SafeString:
    """`components.button` of an icon alone that opens a dialog, without what it asks of each."""
    return html(
        '<a href="{0}" class="btn btn-sm btn-icon" hx-get="{0}" hx-target="#dialog" aria-label="{1}" title="{1}">'
        "{2}</a>",
        address, label, components.picture(icon),
    )  # fmt: skip


@cache
def _drawing(view: str, language: str | None) -> Drawing:
    """There are as many as views and languages, and each cell of a calendar asks for one."""
    return Drawing(view)


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"
