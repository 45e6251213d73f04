"""A quote on paper, in either language; the same quote gives the same file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.joining import labelled
from crm.web import formats, paper, paper_fonts
from customers.sales.actions import quote_lines
from customers.sales.models import Quote, QuoteRules
from customers.sales.models.forecast_period import local_day

SIZES = {"title": 18, "head": 12, "text": 9.5, "number": 9.5, "sum": 10.5, "soft": 8.5, "heads": 8.5}
BOLD = ("title", "head", "sum")
TO_THE_RIGHT = ("number", "sum", "heads")
WIDTH = 469  # of the paper between its margins, less what a frame keeps free


def as_pdf(quote: Quote, language: str) -> bytes:
    """In the language given; days are the organisation's."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    paper_fonts.register()
    out = io.BytesIO()
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        flow = list(_flow(quote, QuoteRules.in_force(), _Setting()))
        title = _("Quote %(number)s") % {"number": quote}
    document = SimpleDocTemplate(
        out, pagesize=A4, invariant=1, title=title, author="", leftMargin=paper.MARGIN, rightMargin=paper.MARGIN,
        topMargin=paper.MARGIN, bottomMargin=paper.MARGIN,
    )  # fmt: skip
    document.build(flow, onFirstPage=paper.page_number, onLaterPages=paper.page_number)
    return out.getvalue()


class _Setting:
    """Paragraphs and tables in the styles of this paper."""

    def __init__(self) -> None:
        from reportlab.lib.styles import ParagraphStyle

        self.styles = {
            (name, chinese): ParagraphStyle(
                name, fontName=paper.LATIN, fontSize=size, leading=size * 1.4, wordWrap="CJK" if chinese else None,
                alignment=2 if name in TO_THE_RIGHT else 0, spaceBefore=12 if name == "head" else 0,
                textColor="#555555" if name in ("soft", "heads") else "#000000",
            )
            for name, size in SIZES.items()
            for chinese in (False, True)
        }  # fmt: skip

    def text(self, text: Any, style: str = "text") -> Any:
        from reportlab.platypus import Paragraph

        said = str(text)
        return Paragraph(paper.marked_up(said, bold=style in BOLD), self.styles[style, paper.is_chinese(said)])

    def table(self, rows: list[list[Any]], widths: list[float], *, head: bool = False) -> Any:
        from reportlab.platypus import Table

        rules: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP")]
        if head:
            rules += [
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, "#000000"),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, "#bbbbbb"),
            ]
        return Table(rows, colWidths=widths, repeatRows=1 if head else 0, style=rules, hAlign="RIGHT")

    def gap(self, height: float = 10) -> Any:
        from reportlab.platypus import Spacer

        return Spacer(1, height)


def _flow(quote: Quote, rules: QuoteRules, set_: _Setting) -> Iterator[Any]:
    if rules.sender:
        yield set_.text(rules.sender, "soft")
        yield set_.gap()
    yield set_.text(_("Quote %(number)s") % {"number": quote}, "title")
    yield set_.gap(6)
    if quote.title:
        yield set_.text(quote.title, "head")
    for label, value in _facts(quote):
        yield set_.text(labelled(label, value))
    if quote.notes:
        yield set_.gap(8)
        yield set_.text(quote.notes)
    yield set_.gap()
    lines = quote_lines.lines_of(quote)
    yield _lines(quote, lines, set_)
    yield _sums(quote, lines, set_)
    if quote.terms:
        yield set_.text(_("Terms"), "head")
        yield set_.text(quote.terms)


def _facts(quote: Quote) -> Iterator[tuple[str, str]]:
    yield _("Customer"), quote.customer.name
    if quote.contact:
        yield _("Attention"), quote.contact.name
    if quote.sent_at:
        yield _("Date"), formats.exact_date(local_day(quote.sent_at))
    else:
        yield _("State"), _("draft, not sent yet")
    yield _("Valid until"), formats.exact_date(quote.valid_until)
    if quote.owner:
        yield _("Your contact with us"), str(quote.owner)


def _lines(quote: Quote, lines: list[quote_lines.Line], set_: _Setting) -> Any:
    discounted, recurs = any(line.discount for line in lines), any(line.months for line in lines)
    heads = [(_("What"), 0.0), (_("Quantity"), 52), (_("Unit price"), 78)]
    heads += [(_("Discount"), 50)] if discounted else []
    heads += [(_("Months"), 44)] if recurs else []
    heads += [(_("Tax"), 42), (_("Net"), 82)]
    widths = [width for _head, width in heads]
    widths[0] = WIDTH - sum(widths)
    rows = [[set_.text(head, "heads" if place else "soft") for place, (head, _width) in enumerate(heads)]]
    for line in lines:
        cells = [formats.number(line.quantity), formats.money(line.unit_price, quote.currency)]
        cells += [formats.percent(line.discount) if line.discount else ""] if discounted else []
        cells += [str(line.months or "")] if recurs else []
        cells += [rate_of(line.tax_rate), formats.money(line.net, quote.currency)]
        rows.append([set_.text(line.text), *(set_.text(cell, "number") for cell in cells)])
    return set_.table(rows, widths, head=True)


def _sums(quote: Quote, lines: list[quote_lines.Line], set_: _Setting) -> Any:
    rows = [(_("Net amount"), quote.net, "number")]
    for part in quote_lines.taxes_of(lines):
        if part.rate:
            said = _("Tax %(rate)s of %(net)s")
            words = {"rate": rate_of(part.rate), "net": formats.money(part.net, quote.currency)}
            rows.append((said % words, part.tax, "number"))
    rows.append((_("Total"), quote.total, "sum"))
    return set_.table(
        [[set_.text(name, style), set_.text(formats.money(sum_, quote.currency), style)] for name, sum_, style in rows],
        [200, 110],
    )


def rate_of(rate: Any) -> str:
    """8.25 % with its decimals, 19 % without any."""
    percent = (rate * 100).normalize()
    return formats.percent(rate, max(0, -percent.as_tuple().exponent))
