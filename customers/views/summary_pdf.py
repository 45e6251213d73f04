"""A customer on one page of paper, in the reader's language and with nothing that is not theirs to see."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.joining import comma
from crm.models import User
from crm.web import formats, paper, paper_fonts
from customers.models import Activity, Contact, Customer, Task, summary
from customers.models.contact_point import all_of

WIDTH, NARROWEST, LONGEST = 469, 24, 90  # a column is wider than the room left free in its cells
SIZES = {"title": 18, "head": 11, "text": 9, "soft": 8.5}


class CustomerSummary(View):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = guards.get_visible(Customer.objects.select_related("owner"), request.user, pk=pk)
        answer = HttpResponse(as_pdf(request.user, customer, timezone.now()), content_type="application/pdf")
        answer["Content-Disposition"] = content_disposition_header(False, f"{customer}.pdf")
        return answer


def as_pdf(user: Any, customer: Customer, now: Any) -> bytes:
    """In the language in which it is asked for."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import KeepInFrame, SimpleDocTemplate

    paper_fonts.register()
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, invariant=1, title=str(customer), author="", leftMargin=paper.MARGIN,
        rightMargin=paper.MARGIN, topMargin=paper.MARGIN, bottomMargin=paper.MARGIN,
    )  # fmt: skip
    # One page whatever there is to say: what does not fit is set smaller.
    flow = KeepInFrame(document.width, document.height - 12, list(_flow(user, customer, now)), mode="shrink")
    document.build([flow])
    return out.getvalue()


def _flow(user: Any, customer: Customer, now: Any) -> Iterator[Any]:
    yield _text(customer.name, "title")
    made = {"by": user, "day": formats.exact_date(timezone.localdate(now))}
    yield _text(_("Summary for %(by)s, %(day)s") % made, "soft")
    parts = [(_("Facts"), _facts(customer))]
    parts += [(str(each.title), each.lines(user, customer, now)) for each in summary.sections()]
    for title, lines in parts:
        if lines:
            yield _text(title, "head")
            yield _table(lines)


def _facts(customer: Customer) -> list[list[str]]:
    facts = [
        (_("Lifecycle"), customer.get_lifecycle_display()),
        (_("Tier"), customer.get_tier_display()),
        (_("Industry"), customer.industry),
        (_("Looked after by"), str(customer.owner or "")),
        (_("City"), comma().join(filter(None, [customer.city, customer.country]))),
        (_("Website"), customer.website),
        *[(point.get_type_display(), point.text) for point in all_of(customer)[:4]],
    ]
    return [[capfirst(str(name)), str(value)] for name, value in facts if value]


def contacts(user: User, customer: Customer, now: Any) -> list[list[str]]:
    seen = Contact.objects.visible_to(user).order_by().values("pk")
    links = customer.contact_links.filter(contact__in=seen, ended_on=None).select_related("contact")
    return [
        [link.contact.name, link.role, link.contact.phone_for_reading, link.contact.email]
        for link in links[: summary.ROOM]
    ]


def next_steps(user: User, customer: Customer, now: Any) -> list[list[str]]:
    tasks = Task.objects.visible_to(user).of_customer(customer).open().soonest_first().select_related("owner")
    return [[_day(task.due_at), _short(task.title), str(task.owner or "")] for task in tasks[:3]]


def activities(user: User, customer: Customer, now: Any) -> list[list[str]]:
    found = Activity.objects.visible_to(user).of_customer(customer).select_related("owner")
    return [
        [_day(each.at), str(each.get_type_display()), _short(each.subject), str(each.owner or "")]
        for each in found[: summary.ROOM]
    ]


def register() -> None:
    from django.utils.translation import gettext_lazy

    for order, (name, title, lines) in enumerate(
        (
            ("contacts", gettext_lazy("Contacts"), contacts),
            ("next", gettext_lazy("Next steps"), next_steps),
            ("activities", gettext_lazy("Last activities"), activities),
        )
    ):
        summary.register(name, title=title, lines=lines, order=(10, 70, 80)[order])


def _day(moment: Any) -> str:
    return formats.exact_date(timezone.localtime(moment).date()) if moment else ""


def _short(text: str) -> str:
    return Truncator(text).chars(LONGEST)


def _text(text: Any, style: str) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    said = str(text)
    size = SIZES[style]
    look = ParagraphStyle(
        style, fontName=paper.LATIN, fontSize=size, leading=size * 1.35,
        wordWrap="CJK" if paper.is_chinese(said) else None, spaceBefore=9 if style == "head" else 0,
        textColor="#555555" if style == "soft" else "#000000",
    )  # fmt: skip
    return Paragraph(paper.marked_up(said, bold=style in ("title", "head")), look)


def _table(lines: list[list[str]]) -> Any:
    from reportlab.platypus import Table

    columns = [column for column in zip_longest(*lines, fillvalue="") if any(column)]
    rows = [[_text(cell, "text") for cell in line] for line in zip(*columns, strict=True)]
    widest = [min(max(map(len, column)), 48) for column in columns]
    rest = WIDTH - NARROWEST * len(columns)
    widths = [NARROWEST + rest * each / sum(widest) for each in widest]
    rules = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 1.5),
             ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5), ("LINEBELOW", (0, 0), (-1, -1), 0.3, "#cccccc")]  # fmt: skip
    return Table(rows, colWidths=widths, style=rules, hAlign="LEFT")
