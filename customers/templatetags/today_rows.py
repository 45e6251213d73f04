"""The rows of Today: sixty on its page, each with three or four buttons. As on the board and the calendar, one loop
draws them, and what they share is put into words once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.access import addresses
from crm.joining import clauses
from crm.markup import html
from crm.templatetags import components, values

register = template.Library()

NOTHING = SafeString("")
ROW = """<li class="today-row" id="today-{kind}-{pk}">
  <span class="timeline-icon tone-{tone}">{icon}</span>
  <div class="today-what">
    <p class="mb-0">{title}{marks}</p>
    <p class="mb-0 text-soft">{customer}{reasons}</p>
  </div>
  <div class="today-due text-soft">{due}</div>
  <div class="today-actions">{buttons}</div>
</li>
"""
BUTTON = '<a href="{0}" class="{1}" hx-get="{0}" hx-target="#dialog">{2}{3}</a>'


@register.simple_tag
def today_rows(rows: Iterable[dict[str, Any]]) -> SafeString:
    """{% today_rows items %}: what `customers.views.today.rows_for` says of each."""
    return SafeString("".join(map(Drawing().row, rows)))


class Drawing:
    def __init__(self) -> None:
        small, picture = "btn btn-sm", components.picture
        self.finishing = [
            ("result", "btn btn-primary btn-sm", picture("check"), _("Done")),
            ("renew", small, picture("refresh"), _("Renew")),
            ("contact", "btn btn-primary btn-sm", picture("phone"), _("Note a contact")),
            ("log", small, picture("activity"), _("Log")),
            ("plan", small, picture("checkbox"), _("Plan")),
            ("close", small, picture("calendar"), _("Close date")),
        ]
        self.later, self.clock = pgettext("put off", "Later"), picture("clock")
        self.high = SafeString(" ") + components.badge(_("high priority"), "warn")
        self.tiers = {
            "A": SafeString(" ") + components.badge(_("A customer"), "info"),
            "B": SafeString(" ") + components.badge(_("B customer"), "neutral"),
        }
        self.kinds: dict[str, tuple[SafeString, Any]] = {}

    def row(self, row: dict[str, Any]) -> SafeString:
        item, customer = row["item"], row["item"].customer
        icon, snoozing = self.of_kind(item.kind, row)
        whose = customer and item.kind != "customer"
        return html(
            ROW,
            kind=item.kind,
            pk=item.pk,
            tone="bad" if row["is_late"] else "info",
            icon=icon,
            title=html('<a href="{}">{}</a>', row["url"], item.title),
            marks=SafeString(
                (self.high if row["is_high"] else "") + (self.tiers.get(customer.tier, "") if customer else "")
            ),
            customer=html('<a href="{}">{}</a> · ', customer.get_absolute_url(), customer) if whose else NOTHING,
            reasons=clauses(item.reasons),
            due=values.ago(item.due_at) if item.due_at else NOTHING,
            buttons=self.buttons(row["finish"], snoozing(item.pk)),
        )

    def of_kind(self, kind: str, row: dict[str, Any]) -> tuple[SafeString, Any]:
        if kind not in self.kinds:
            picture = components.picture(row["icon"], label=capfirst(str(row["label"])))
            self.kinds[kind] = picture, addresses.of_records("today-snoozing", kind)
        return self.kinds[kind]

    def buttons(self, finish: dict[str, str], later: str) -> SafeString:
        shown = [
            html(BUTTON, finish[name], css, icon, label)
            for name, css, icon, label in self.finishing
            if finish.get(name)
        ]
        return SafeString(
            "\n".join([*shown, html(BUTTON, later, "btn btn-ghost-secondary btn-sm", self.clock, self.later)])
        )
