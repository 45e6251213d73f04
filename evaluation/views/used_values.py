"""What a number was computed from, in words: the values a frozen record names by their column."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.joining import labelled, listed
from crm.web import formats
from customers.models import Activity
from customers.sales.models import Cost

NAMES = {
    "amount": gettext_lazy("Amount"),
    "answered_at": gettext_lazy("Answered"),
    "automatic": gettext_lazy("By itself"),
    "bought_again": gettext_lazy("Bought again"),
    "brought_in": gettext_lazy("Brought in"),
    "calendar": gettext_lazy("Calendar"),
    "campaign": gettext_lazy("Campaign"),
    "closing": gettext_lazy("At the end"),
    "comment": gettext_lazy("Comment"),
    "commit": gettext_lazy("Committed"),
    "converted_at": gettext_lazy("Converted"),
    "cost": gettext_lazy("Cost"),
    "created_at": gettext_lazy("Created"),
    "currency": gettext_lazy("Currency"),
    "days": gettext_lazy("Days"),
    "due": gettext_lazy("Due"),
    "due_at": gettext_lazy("Due"),
    "entered_at": gettext_lazy("Entered"),
    "expansion": gettext_lazy("Added per month"),
    "expected_close": gettext_lazy("Expected close"),
    "first_contact_at": gettext_lazy("First contact"),
    "first_purchase": gettext_lazy("First purchase"),
    "last_contact_at": gettext_lazy("Last contact"),
    "latest_purchase": gettext_lazy("Last purchase"),
    "month": gettext_lazy("Month"),
    "monthly_value": gettext_lazy("Per month"),
    "opened_at": gettext_lazy("Opened"),
    "opening": gettext_lazy("At the beginning"),
    "order": gettext_lazy("Order"),
    "ordered_at": gettext_lazy("Ordered"),
    "outcome": gettext_lazy("Outcome"),
    "probability": gettext_lazy("Probability"),
    "product": gettext_lazy("Product"),
    "promise": gettext_lazy("Promise"),
    "quantity": gettext_lazy("Quantity"),
    "purchases": gettext_lazy("Purchases"),
    "quota": gettext_lazy("Quota"),
    "rate": gettext_lazy("Exchange rate"),
    "reopened_at": gettext_lazy("Reopened"),
    "resolved_at": gettext_lazy("Resolved"),
    "sales": gettext_lazy("Number of sales"),
    "score": gettext_lazy("Score"),
    "sent_at": gettext_lazy("Sent"),
    "series": gettext_lazy("Series"),
    "share": gettext_lazy("Share"),
    "since": gettext_lazy("Since"),
    "stage": gettext_lazy("Stage"),
    "type": gettext_lazy("Type"),
    "value_due": gettext_lazy("Due per month"),
    "value_renewed": gettext_lazy("Renewed per month"),
    "weeks": gettext_lazy("Weeks"),
    "went_on_at": gettext_lazy("Went on"),
    "went_on_to": gettext_lazy("Went on to"),
    "when": gettext_lazy("Counts for"),
    "won": gettext_lazy("Won"),
    "won_at": gettext_lazy("Won on"),
    "year": gettext_lazy("Year"),
}
CODES = {
    **{str(code): label for code, label in [*Activity.Type.choices, *Activity.Outcome.choices]},
    "came": gettext_lazy("came"),
    "churn": gettext_lazy("not renewed"),
    "first_response": gettext_lazy("first answer"),
    "kept": gettext_lazy("stayed"),
    "last year": gettext_lazy("last year"),
    "lost": gettext_lazy("lost"),
    "open": gettext_lazy("open"),
    "renewal": gettext_lazy("renewed"),
    "resolution": gettext_lazy("resolution"),
    "stayed": gettext_lazy("stayed"),
    "this period": gettext_lazy("this period"),
    "went": gettext_lazy("went"),
    "won": gettext_lazy("won"),
}
WORDED = {"outcome", "promise", "type", "when"}  # what else looks like a code is somebody's own text


def used(fields: dict[str, Any]) -> str:
    """ "Outcome: won, Amount: 7,200": only what is known, each under its name."""
    known = [(name, _said(name, value)) for name, value in fields.items() if value is not None and value != ""]
    return listed(labelled(heading(name), value) for name, value in known)


def heading(name: str) -> str:
    return str(NAMES.get(name, name.replace("_", " ")))


def cell(name: str, value: Any) -> Any:
    """As a table to take away holds it: numbers and days as they are, codes in words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(CODES.get(str(value), value)) if name in WORDED and value is not None else value


def _said(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return formats.number(value)
    text = str(value)
    if name in WORDED:
        return str(CODES.get(text, text))
    if len(text) > 10 and (moment := _read(parse_datetime, text)) is not None:
        return formats.exact(moment)
    day = _read(parse_date, text) if len(text) == 10 else None
    return text if day is None else formats.exact_date(day)


def _read(parse: Any, text: str) -> datetime | Any:
    try:
        return parse(text)
    except ValueError:  # well formed and impossible: somebody's text after all
        return None


def record_name(label: str | None, kind: str) -> str:
    """A record as its evidence calls it; shipped surveys are named in English and read in the reader's language.

    A cost is labelled by its month and the code of its category.
    """
    if label and kind == Cost.kind:
        month, _space, category = label.partition(" ")
        return listed([month, str(dict(Cost.Category.choices).get(category, category))])
    if not label or kind not in ("invitation", "response"):
        return label or ""
    survey, _colon, score = label.rpartition(": ")
    return labelled(_(survey), score) if kind == "response" and survey else _(label)
