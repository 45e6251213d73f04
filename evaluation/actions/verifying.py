"""Recomputes every digest of a review and says whether what is stored is what was frozen and signed."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.actions import narrowing
from evaluation.actions.freezing import chained, digest_of
from evaluation.models import FrozenLine, Review


@dataclass(frozen=True)
class Fault:
    """What does not fit: "line", "records" (the record's place, or 0 for their number), "members" (of the segment),
    "report" or "signature"."""

    part: str
    kpi_code: str = ""
    number: int = 0
    place: int = 0


@dataclass(frozen=True)
class Verification:
    lines: int
    records: int
    faults: tuple[Fault, ...]
    erased: int = 0  # records out of which a person's words were taken: there the chain is checked, not the content

    @property
    def is_intact(self) -> bool:
        return not self.faults


def verify(review: Review) -> Verification:
    """Every line, every record behind it, the signed report and the signatures."""
    faults: list[Fault] = []
    previous, records, erased = "", 0, 0
    lines = list(review.lines.order_by("sequence").prefetch_related("records"))
    segment = narrowing.said_of(review.cycle)
    for place, line in enumerate(lines, start=1):
        if line.sequence != place or line.digest != chained(previous, line.content):
            faults.append(Fault("line", line.kpi_code, line.number))
        if line.said.get("segment") != segment:
            faults.append(Fault("members", line.kpi_code, line.number))
        previous = line.digest
        faults += _record_faults(line)
        records += len(line.records.all())
        erased += sum(row.erased_at is not None for row in line.records.all())
    report = getattr(review, "report", None)
    if report is not None:
        if report.digest != digest_of(report.content) or report.said["chain"] != previous:
            faults.append(Fault("report"))
        faults += [Fault("signature") for signed in review.signatures.all() if signed.digest != report.digest]
    return Verification(len(lines), records, tuple(faults), erased)


def _record_faults(line: FrozenLine) -> list[Fault]:
    faults, previous = [], ""
    rows = sorted(line.records.all(), key=lambda row: row.sequence)
    for place, row in enumerate(rows, start=1):
        is_as_frozen = row.erased_at is not None or row.digest == chained(previous, row.content)
        if row.sequence != place or not is_as_frozen:
            faults.append(Fault("records", line.kpi_code, line.number, place))
        previous = row.digest
    said = line.said["evidence"]
    if (said["count"], said["digest"]) != (len(rows), previous):
        faults.append(Fault("records", line.kpi_code, line.number))
    return faults
