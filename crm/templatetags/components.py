"""The pieces every page is made of. One example of each: docs/frontend.md."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from django import template
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.actions import attachments, shares
from crm.markup import html
from crm.web import panels as registry
from crm.web.toasts import as_note

register = template.Library()

TONES = ("neutral", "info", "good", "warn", "bad")


def attributes(given: dict[str, Any]) -> SafeString:
    """`hx_get="/x"` becomes ` hx-get="/x"`; True gives a bare attribute, False and None nothing."""
    shown = [
        (name.rstrip("_").replace("_", "-"), value) for name, value in given.items() if value not in (None, False, "")
    ]
    return SafeString(
        "".join(html(" {}", name) if value is True else html(' {}="{}"', name, value) for name, value in shown)
    )


@register.simple_tag(name="icon")
def picture(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite. Decoration unless it has a label."""
    if not label:
        return _decoration(name, css)
    href = f"{_sprite()}#{name}"
    return format_html('<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href)


@cache
def _sprite() -> str:
    return static("dist/icons.svg")


@lru_cache(1000)
def _decoration(name: str, css: str) -> SafeString:
    """The same few, hundreds of times on a page such as the board: a tenth of its time when made anew."""
    href = f"{_sprite()}#{name}"
    return format_html('<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}"/></svg>', css, href)


@register.simple_tag
def button(
    label: str,
    *,
    href: str = "",
    icon: str = "",
    kind: str = "default",
    type: str = "button",
    small: bool = False,
    only_icon: bool = False,
    dialog: bool = False,
    css: str = "",
    **others: Any,
) -> SafeString:
    """A button, or a link that looks like one; `dialog` opens `href` over the page.

    `kind`: default, primary, danger, quiet. Other arguments become attributes: hx_post="…" is hx-post="…".
    No template of its own: a month of the calendar has hundreds of them.
    """
    if dialog:
        others = {"hx_get": href, "hx_target": "#dialog"} | others
    if only_icon:
        others |= {"aria_label": label, "title": label}
    tag, first = ("a", {"href": href}) if href else ("button", {"type": type})
    classes = " ".join(_button_classes(kind, small, only_icon, css))
    shown = [attributes(first | {"class": classes} | others), picture(icon) if icon else "", "" if only_icon else label]
    return html("<{0}{1}>{2}{3}</{0}>", tag, *shown)


def _button_classes(kind: str, small: bool, only_icon: bool, css: str) -> list[str]:
    kinds = {"default": "", "primary": "btn-primary", "danger": "btn-outline-danger", "quiet": "btn-ghost-secondary"}
    chosen = ["btn", kinds[kind], "btn-sm" if small else "", "btn-icon" if only_icon else "", css]
    return [name for name in chosen if name]


@register.simple_tag
def badge(label: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    """A status in words; the tone only underlines it. Tones: neutral, info, good, warn, bad."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"badge: no tone {tone!r}; known: {', '.join(TONES)}")
    return _badge(label if hasattr(label, "__html__") else str(label), tone, icon)


@lru_cache(2000, typed=True)  # escaped text and text to be escaped are not the same
def _badge(label: Any, tone: str, icon: str) -> SafeString:
    return format_html('<span class="tone tone-{}">{}{}</span>', tone, picture(icon) if icon else "", label)


@register.inclusion_tag("components/copied.html")
def copied(name: str, value: str, described: str = "") -> dict[str, str]:
    """A text that is taken elsewhere, as a secret address: to be read, in a field called `name`, and copied."""
    return {"name": name, "value": value, "described": described}


@register.inclusion_tag("components/empty.html")
def empty_state(
    title: Any,
    text: Any = "",
    *,
    icon: str = "inbox",
    action_url: str = "",
    action_label: Any = "",
    dialog: bool = False,
) -> dict[str, Any]:
    """Nothing here yet, and what to do about it."""
    return {
        "title": title,
        "text": text,
        "icon_name": icon,
        "action_url": action_url,
        "action_label": action_label,
        "dialog": dialog,
    }


@register.inclusion_tag("components/table.html")
def simple_table(
    head: Sequence[Any], rows: Sequence[Sequence[Any]], *, caption: str = "", numeric: str = ""
) -> dict[str, Any]:
    """A plain table of values. `numeric`: the numbers of the columns to align right, as in "2 3"."""
    return {"head": head, "rows": rows, "caption": caption, "numeric": {int(number) for number in numeric.split()}}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[dict[str, Any]], label: Any = "", target: str = "") -> dict[str, Any]:
    """Pages of one record: items have label, url, active, and may have count. `target` swaps a part by htmx instead."""
    return {"items": items, "label": label or _("Sections"), "target": target}


@register.inclusion_tag("components/panels.html", takes_context=True)
def panels(context: Context, slot: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Every panel of the slot; further arguments go into its URL: {% panels "customer.side" customer.pk %}."""
    chosen = registry.for_slot(slot, context["request"].user)
    urls = [reverse(panel.url_name, args=[*panel.first, *args], kwargs=kwargs) for panel in chosen]
    return {"slot": slot, "panels": list(zip(chosen, urls, strict=True))}


@register.simple_tag
def loads_again(events: str) -> str:
    """For a part of a page that has its content already: hx-trigger="{% loads_again "task-changed" %}"."""
    return registry.again(events.split())


@register.simple_tag
def share_sentence(event: Any) -> str:
    """What an event tells of sharing: {% share_sentence entry.item as said %}."""
    return shares.said(event)


@register.simple_tag
def file_sentence(event: Any) -> str:
    """What an event tells of files: {% file_sentence entry.item as said %}."""
    return attachments.said(event.type.partition(".")[2], event.data.get("files", []))


@register.inclusion_tag("components/panel.html")
def panel(url: str, title: Any, name: str = "", refresh_on: str = "") -> dict[str, Any]:
    """One part of the page that loads by itself; `refresh_on` names events after which it loads again."""
    return {"url": url, "title": title, "name": name or "panel", "trigger": registry.trigger(refresh_on.split())}


@register.inclusion_tag("components/progress.html")
def progress(value: int, total: int, label: Any, *, poll_url: str = "", done: bool = False) -> dict[str, Any]:
    """How far a long piece of work is. While it is not `done` it asks `poll_url` for itself every two seconds."""
    share = round(100 * value / total) if total else 0
    return {"value": value, "total": total, "share": share, "label": label, "poll_url": "" if done else poll_url}


@register.inclusion_tag("components/chart.html")
def chart(
    name: str,
    spec: dict[str, Any],
    label: Any,
    *,
    head: Sequence[Any] = (),
    rows: Sequence[Sequence[Any]] = (),
    note: Any = "",
) -> dict[str, Any]:
    """A Vega-Lite chart that carries its own data, with the table behind it."""
    return {"name": name, "spec": spec, "label": label, "head": head, "rows": rows, "note": note}


@register.simple_tag
def message_notes(messages: Any) -> list[dict[str, str | None]]:
    """Django's messages as toasts."""
    return [as_note(message) for message in messages or []]


class CaptureNode(template.Node):
    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList, name: str) -> None:
        self.nodelist, self.name = nodelist, name

    def render(self, context: Context) -> str:
        context[self.name] = SafeString(self.nodelist.render(context).strip())  # already escaped where it was made
        return ""


@register.tag
def capture(parser: Parser, token: Token) -> CaptureNode:
    """{% capture name %}…{% endcapture %}: so that a block can be shown twice (the page title and the heading)."""
    try:
        _tag, name = token.split_contents()
    except ValueError:
        raise template.TemplateSyntaxError("capture takes one name") from None
    nodelist = parser.parse(("endcapture",))
    parser.delete_first_token()
    return CaptureNode(nodelist, name)


def _draw(context: Context, name: str, values: dict[str, Any]) -> str:
    engine: Any = context.template.engine if context.template else template.Engine.get_default()
    return engine.get_template(name).render(context.new(values))


@register.simple_block_tag(takes_context=True)
def dropdown(
    context: Context,
    content: str,
    label: Any,
    *,
    icon: str = "",
    css: str = "btn",
    only_icon: bool = False,
    end: bool = True,
) -> str:
    """A menu: the content is made of `<a class="dropdown-item">` and `<button class="dropdown-item">`."""
    values = {"content": content, "label": label, "icon": icon, "css": css, "only_icon": only_icon, "end": end}
    return _draw(context, "components/dropdown.html", values)


@register.simple_block_tag(takes_context=True)
def timeline_entry(
    context: Context,
    content: str,
    *,
    title: Any,
    at: Any,
    icon: str = "point",
    by: Any = "",
    tone: str = "neutral",
    url: str = "",
) -> str:
    """One thing that happened: who, what, when; the content says more."""
    values = {"content": content, "title": title, "at": at, "icon": icon, "by": by, "tone": tone, "url": url}
    return _draw(context, "components/timeline_entry.html", values)
