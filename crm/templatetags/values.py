"""Numbers, times and people as pages show them; the words are made in crm/web/formats.py."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from functools import cache, lru_cache
from typing import Any

from django import template
from django.core.exceptions import SuspiciousOperation
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm import joining
from crm.markup import html
from crm.web import formats, mentions, sessions

register = template.Library()

AVATAR_SHADES = 8
NOT_TOLD_BACK = re.compile("password|secret|token|code|base_values", re.IGNORECASE)
IN_WORDS = re.compile(r"[^\W\d_].*\s|\s.*[^\W\d_]|[\u4e00-\u9fff]{2}", re.DOTALL)


def _value(text: str) -> SafeString:
    if text == formats.NOTHING:
        return _nothing(get_language())
    return html('<span class="value">{}</span>', text)


@cache
def _nothing(language: str | None) -> SafeString:
    return html(
        '<span class="value nothing"><span aria-hidden="true">{}</span><span class="visually-hidden">{}</span></span>',
        formats.NOTHING,
        _("no value"),
    )


register.filter("listed", joining.listed)
register.filter("clauses", joining.clauses)
register.filter("sentences", joining.sentences)
register.filter("device", sessions.device)
MARKS = ("colon", "comma", "list_comma", "full_stop", "gap", "open_bracket", "close_bracket")
for mark in MARKS:
    register.simple_tag(getattr(joining, mark))


@register.filter
def naming(text: Any, record: Any) -> SafeString:
    """The text with the people named in it by the names they have now, where `crm.web.mentions.know` was asked."""
    return mentions.shown(text, getattr(record, "mentions_known", ()))


@register.simple_tag
def number(value: Any, unit: Any = "", decimals: int | None = None) -> SafeString:
    return _value(formats.number(value, str(unit), decimals))


def exact(value: Any) -> SafeString:
    return _value(formats.precise(value))


@register.simple_tag
def money(amount: Any, currency: str, decimals: int | None = None) -> SafeString:
    return _value(formats.money(amount, currency, decimals))


@register.simple_tag
def percent(share: Any, decimals: int = 1) -> SafeString:
    """A share: {% percent 0.125 %} is 12.5%."""
    return _value(formats.percent(share, decimals))


@register.simple_tag
def points(difference: Any, decimals: int = 1) -> SafeString:
    """A difference of two shares: {% points 0.023 %} is +2.3 pp."""
    return _value(formats.points(difference, decimals))


@register.simple_tag
def change(relative: Any, decimals: int = 1) -> SafeString:
    """A change relative to what was before: {% change 0.125 %} is +12.5%."""
    return _value(formats.change(relative, decimals))


@register.simple_tag
def duration(seconds: Any) -> SafeString:
    return _value(formats.duration(seconds))


@register.simple_tag
def ago(moment: dt.datetime | None) -> SafeString:
    """Relative time; the exact one on hover and for programs."""
    if moment is None:
        return _value(formats.NOTHING)
    text = formats.relative(moment, timezone.now())
    return html('<time datetime="{}" title="{}" data-ago>{}</time>', moment.isoformat(), formats.exact(moment), text)


@register.simple_tag
def moment(value: dt.datetime | None) -> SafeString:
    """The exact date and time, in the person's zone."""
    if value is None:
        return _value(formats.NOTHING)
    return html('<time datetime="{}">{}</time>', value.isoformat(), formats.exact(value))


@register.simple_tag
def day(value: dt.date | dt.datetime | None) -> SafeString:
    """A date without a time."""
    if value is None:
        return _value(formats.NOTHING)
    return html('<time datetime="{}">{}</time>', value.isoformat(), formats.exact_date(value))


@register.simple_tag
def month(value: dt.date | None) -> SafeString:
    """The month a day stands for."""
    if value is None:
        return _value(formats.NOTHING)
    return html('<time datetime="{}">{}</time>', f"{value:%Y-%m}", formats.month_of(value))


@register.simple_tag
def person(who: Any, *, url: str = "", only_avatar: bool = False) -> SafeString:
    """Somebody with an avatar of initials; nobody is said in words."""
    name = str(who) if who else ""
    if not name:
        return html('<span class="person nobody">{}</span>', _("Nobody"))
    if url:
        return html('<a class="person" href="{}">{}</a>', url, _avatar(name, only_avatar))
    return html('<span class="person">{}</span>', _avatar(name, only_avatar))


@lru_cache(2_000)
def _avatar(name: str, alone: bool) -> SafeString:
    """The same few people, fifty times on a page."""
    shade, initials = zlib.crc32(name.encode()) % AVATAR_SHADES + 1, formats.initials(name)
    if alone:
        return html(
            '<span class="initials shade-{}" role="img" aria-label="{}" title="{}">{}</span>',
            shade, name, name, initials,
        )  # fmt: skip
    return html('<span class="initials shade-{}" aria-hidden="true">{}</span><span>{}</span>', shade, initials, name)


@register.filter
def typed(request: Any) -> str:
    """What somebody wrote in words into a form that cannot be saved any more, so that they can take it along."""
    if request is None or request.method != "POST" or not request.user.is_authenticated:
        return ""
    try:
        given = list(request.POST.lists())
    except (SuspiciousOperation, OSError):
        return ""
    words = [text.strip() for name, texts in given if not NOT_TOLD_BACK.search(name) for text in texts]
    return "\n\n".join(text for text in words if IN_WORDS.search(text))
