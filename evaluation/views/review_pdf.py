"""The signed review on paper: rebuilt from the signed text alone, so that it is the same byte for byte each time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from types import SimpleNamespace
from typing import Any

from django.utils import formats as django_formats
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.joining import bracketed, comma, labelled, sentences
from crm.web import paper, paper_fonts
from evaluation.engine import wording
from evaluation.formulas import periods
from evaluation.models import Review, Signature
from evaluation.views import scorecards

SIZES = {"title": 18, "head": 13, "value": 16, "text": 9.5, "soft": 8.5}


def as_pdf(review: Review) -> bytes:
    """In the reader's language; moments on the organisation's clock, whoever asks."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    paper_fonts.register()
    styles, said, out = _styles(), json.loads(review.report.content), io.BytesIO()  # type: ignore[attr-defined]
    with timezone.override(timezone.get_default_timezone()):
        signatures = list(review.signatures.order_by("at", "pk"))
        given = [(style, str(text)) for style, text in _paragraphs(said, signatures) if text]
    flow = [
        Paragraph(paper.marked_up(text, bold=style in ("title", "head")), styles[style, paper.is_chinese(text)])
        for style, text in given
    ]
    document = SimpleDocTemplate(
        out, pagesize=A4, invariant=1, title=f"{said['subject']['name']} {said['cycle']['period']}", author="",
        leftMargin=57, rightMargin=57, topMargin=57, bottomMargin=57,
    )  # fmt: skip
    document.build(flow, onFirstPage=paper.page_number, onLaterPages=paper.page_number)
    return out.getvalue()


def _paragraphs(said: dict[str, Any], signatures: list[Signature]) -> Iterator[tuple[str, str]]:
    cycle, signers = said["cycle"], said["signers"]
    yield "title", said["subject"]["name"]
    period = periods.parse(cycle["period"])
    yield "text", f"{cycle['name']} · {wording.period_name(period)}"
    if segment := cycle.get("segment"):
        yield "soft", scorecards.narrowing_of(segment)
    for label, person in ((_("Person"), signers["subject"]), (_("Reviewer"), signers["reviewer"])):
        yield "soft", labelled(label, person["name"]) if person else ""
    for _position, versions in groupby(said["lines"], key=lambda line: line["position"]):
        yield from _line(said, list(versions))
    yield from _comments(said, "")
    yield "head", _("Signatures")
    yield from _signed(signers, signatures)
    yield "soft", labelled(_("Digest of the report"), signatures[0].digest) if signatures else ""


def _line(said: dict[str, Any], versions: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The latest version of a line, what it said before, what was said about it."""
    lines = [scorecards.line_of(SimpleNamespace(said=version["content"])) for version in versions]  # type: ignore[arg-type]
    line, code = lines[-1], versions[-1]["content"]["kpi"]["code"]
    yield "head", str(line.kpi.name)
    aside = comma().join(part for part in (line.parts, line.interval) if part)
    yield "value", bracketed(line.value, aside) if aside else line.value
    yield "soft", line.kpi.meaning
    yield "text", _("Goal: %(goal)s") % {"goal": line.goal} if line.goal else _("No goal")
    judged = line.judged
    yield "text", f"{_('Is it news?')} {judged['variation']['text']}"
    if judged["attainment"]:
        yield "text", f"{_('Is the goal met?')} {judged['attainment']['text']}"
    yield "text", f"{_('Can it be trusted?')} {sentences(judged['quality']) or _('sound')}"
    for before, after, version in zip(lines[:-1], lines[1:], versions[1:], strict=True):
        by = version["by"]["name"] if version["by"] else ""
        why = bracketed(version["reason"], f"{by}{comma()}{_moment(version['at'])}")
        yield "text", labelled(f"{before.value} → {after.value}", why)
    for dispute in said["disputes"]:
        if dispute["kpi"] == code:
            yield "text", labelled(dispute["by"]["name"], f"{dispute['claim']} → {dispute['answer']}")
    yield from _comments(said, code)


def _comments(said: dict[str, Any], code: str) -> Iterator[tuple[str, str]]:
    for comment in said["comments"]:
        if comment["kpi"] == code:
            yield "text", labelled(f"{comment['by']['name']}{comma()}{_moment(comment['at'])}", comment["text"])


def _signed(signers: dict[str, Any], signatures: list[Signature]) -> Iterator[tuple[str, str]]:
    for signature in signatures:
        who = bracketed(signature.name, signature.get_role_display())
        yield "text", f"{who}{comma()}{_moment(signature.at.isoformat())}"
        if signature.objection:
            yield "text", labelled(_("Objection"), signature.objection)
    if "subject" not in {signature.role for signature in signatures} and signers["subject"]:
        yield "text", _("%(name)s did not sign in time.") % {"name": signers["subject"]["name"]}


def _moment(text: str) -> str:
    return django_formats.date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")


def _styles() -> dict[tuple[str, bool], Any]:
    from reportlab.lib.styles import ParagraphStyle

    return {
        (name, chinese): ParagraphStyle(
            name, fontName=paper.LATIN, fontSize=size, leading=size * 1.45, wordWrap="CJK" if chinese else None,
            spaceBefore=14 if name == "head" else 0, spaceAfter=3, textColor="#555555" if name == "soft" else "#000000",
        )
        for name, size in SIZES.items()
        for chinese in (False, True)
    }  # fmt: skip
