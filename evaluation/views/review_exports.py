"""The signed report to take away: rebuilt from what was stored, the same byte for byte whenever it is asked for."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views import View

from crm.access import guards
from crm.exchange.exporting import TYPES, neutral
from crm.exchange.spreadsheet import xlsx
from crm.web.toasts import toast
from evaluation.models import Review
from evaluation.views import review_pdf

HEADS = [
    "row", "kpi", "version", "name", "value", "numerator", "denominator", "n", "low", "high", "goal", "attainment",
    "variation", "flags", "record_kind", "record_id", "label", "at", "counted", "record_numerator", "record_value",
    "issue", "fields", "reason", "digest",
]  # fmt: skip
FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP file knows: the time of the download is no part of it


class Export(View):
    """JSON is the very text that was signed; CSV and XLSX are its lines, each followed by its records."""

    def get(self, request: HttpRequest, pk: int, format: str) -> HttpResponse:
        review = guards.get_visible(Review.objects.select_related("report"), request.user, pk=pk)
        report = getattr(review, "report", None)
        if report is None or not review.is_signed:
            toast(request, _("It can be taken away when both have signed."))
            return redirect(review.get_absolute_url())
        if format == "json":
            content, kind = report.content.encode(), "application/json"
        elif format == "pdf":
            content, kind = review_pdf.as_pdf(review), "application/pdf"
        elif format in TYPES:
            content = as_csv(review) if format == "csv" else as_xlsx(review)
            kind = TYPES[format]
        else:
            raise Http404
        response = HttpResponse(content, content_type=kind)
        response["Content-Disposition"] = content_disposition_header(True, f"review-{review.pk}.{format}")
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response


def rows_of(review: Review) -> list[list[Any]]:
    """Codes and plain numbers, so that it reads the same in every language and time zone."""
    rows: list[list[Any]] = []
    if segment := json.loads(review.report.content)["cycle"].get("segment"):  # type: ignore[attr-defined]
        members, blank = segment["members"], [None] * 3
        rows.append(["segment", None, None, segment["name"], *blank, members["count"], *[None] * 16, members["digest"]])
    for line in review.lines.order_by("position", "number").prefetch_related("records"):
        said, reach = line.said, line.said["interval"] or {}
        judged, goal = said["judgement"], said["goal"]
        met = judged["attainment"]["verdict"] if judged["attainment"] else None
        rows.append([
            "line", line.kpi_code, line.number, said["kpi"]["words"]["en"]["name"], said["value"], said["numerator"],
            said["denominator"], said["n"], reach.get("low"), reach.get("high"), _goal(goal), met,
            judged["variation"]["kind"], " ".join(said["flags"]), *[None] * 9, line.reason, line.digest,
        ])  # fmt: skip
        for record in sorted(line.records.all(), key=lambda row: row.sequence):
            used = record.said
            fields = "; ".join(f"{name}={value}" for name, value in used["fields"].items())
            rows.append([
                "record", line.kpi_code, line.number, *[None] * 11, used["kind"], used["id"], used["label"],
                used["at"], "yes" if used["counted"] else "no", used["numerator"], used["value"], used["issue"],
                fields, None, record.digest,
            ])  # fmt: skip
    return rows


def as_csv(review: Review) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADS)
    writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows_of(review))
    return ("\ufeff" + out.getvalue()).encode()


def as_xlsx(review: Review) -> bytes:
    """Packed once more with a fixed time: the archive would otherwise carry the moment of the download."""
    written = io.BytesIO(b"".join(xlsx(f"Review {review.pk}", HEADS, iter([rows_of(review)]))))
    out = io.BytesIO()
    with zipfile.ZipFile(written) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(given.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = zipfile.ZipInfo(name, FIRST_MOMENT)
            packed.writestr(part, given.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _goal(goal: dict[str, Any] | None) -> str | None:
    if goal is None:
        return None
    levels = goal["levels"]
    parts = [f">= {levels['at_least']}"] if levels["at_least"] is not None else []
    parts += [f"<= {levels['at_most']}"] if levels["at_most"] is not None else []
    return " and ".join(parts)
