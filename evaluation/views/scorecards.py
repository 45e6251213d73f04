"""Frozen lines as pages show them: only from what was stored, never from the records or definitions of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.access import kinds
from crm.web import formats
from evaluation.actions.freezing import Difference
from evaluation.engine import judgement_words, wording
from evaluation.engine.judgement import (
    AttainmentJudgement,
    Judgement,
    Levels,
    QualityJudgement,
    Variation,
    VariationJudgement,
)
from evaluation.formulas.control_chart import Rule
from evaluation.formulas.scores import Verdict
from evaluation.models import Dispute, FrozenLine, FrozenRecord, Review, ReviewComment
from evaluation.views import used_values


@dataclass(frozen=True)
class Definition:
    """What a KPI meant when it was frozen, in the reader's language; `wording` asks it like a KPI."""

    code: str
    version: int
    unit: str
    direction: str
    minimum_n: int
    name: str
    meaning: str
    formula: str
    issues: dict[str, str]

    @classmethod
    def of(cls, said: dict[str, Any]) -> Definition:
        kpi = said["kpi"]
        words = kpi["words"].get(get_language() or "en") or kpi["words"]["en"]
        own = {name: kpi[name] for name in ("code", "version", "unit", "direction", "minimum_n")}
        return cls(**own, **{name: words[name] for name in ("name", "meaning", "formula", "issues")})


@dataclass
class Line:
    """One line of the scorecard on a page."""

    frozen: FrozenLine
    kpi: Any
    said: dict[str, Any]
    judged: dict[str, Any]
    comments: dict[str, ReviewComment] = field(default_factory=dict)
    disputes: list[Dispute] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    typed: str = ""  # the comment of whoever reads the page, to go on with

    @property
    def value(self) -> str:
        return wording.figure(self.kpi, self.said["value"], self.said["currency"])

    @property
    def parts(self) -> str:
        """ "12 of 30" where it is a share, else how many records."""
        if self.said["denominator"] is not None and self.said["numerator"] is not None and self.kpi.unit == "ratio":
            whole = {"part": formats.number(self.said["numerator"]), "whole": formats.number(self.said["denominator"])}
            return _("%(part)s of %(whole)s") % whole
        return _("%(count)s records") % {"count": formats.number(self.said["n"])}

    @property
    def interval(self) -> str:
        found = self.said["interval"]
        if not found:
            return ""
        return wording.between(self.kpi, found["low"], found["high"], self.said["currency"])

    @property
    def goal(self) -> str:
        goal = self.said["goal"]
        if not goal:
            return ""
        level = judgement_words.levels(self.kpi, Levels(**goal["levels"]))
        own = self.said["period"]["kind"]
        return level if goal.get("period_kind", own) == own else _("%(level)s, rolled up") % {"level": level}

    @property
    def open_dispute(self) -> Dispute | None:
        return next((dispute for dispute in self.disputes if dispute.is_open), None)


@dataclass(frozen=True)
class Version:
    """An amendment: what the line said before it and after."""

    line: FrozenLine
    before: str
    after: str


def line_of(frozen: FrozenLine) -> Line:
    said = frozen.said
    kpi: Any = Definition.of(said)
    goal = Levels(**said["goal"]["levels"]) if said["goal"] else None
    return Line(frozen, kpi, said, judgement_words.sentences(kpi, judgement_of(said), goal))


def judgement_of(said: dict[str, Any]) -> Judgement:
    """The judgement as it was made, read back from what was stored."""
    stored = said["judgement"]
    seen, met, sound = stored["variation"], stored["attainment"], stored["quality"]
    rule = Rule(seen["rule"]) if seen["rule"] else None
    return Judgement(
        variation=VariationJudgement(**{**seen, "kind": Variation(seen["kind"]), "rule": rule}),
        attainment=AttainmentJudgement(**{**met, "verdict": Verdict(met["verdict"])}) if met else None,
        quality=QualityJudgement(tuple(sound["flags"]), sound["issues"]),
        chart=None,  # type: ignore[arg-type]  # the sentences do not ask for it
    )


def narrowing_of(segment: dict[str, Any]) -> str:
    """Whose records alone were counted, in one sentence."""
    said = {"name": segment["name"], "count": formats.number(segment["members"]["count"])}
    return _("Only of the customers in “%(name)s”: %(count)s as the numbers were frozen.") % said


def scorecard(review: Review) -> list[Line]:
    """All lines with what was said of them. Five queries, however long it is."""
    by_code: dict[str, list[FrozenLine]] = defaultdict(list)
    for frozen in review.lines.select_related("by").order_by("position", "number"):
        by_code[frozen.kpi_code].append(frozen)
    comments: dict[str, dict[str, ReviewComment]] = defaultdict(dict)
    for comment in review.comments.select_related("by"):
        comments[comment.kpi_code][comment.role] = comment
    disputes: dict[str, list[Dispute]] = defaultdict(list)
    for dispute in review.disputes.select_related("by", "settled_by"):
        disputes[dispute.kpi_code].append(dispute)
    found = []
    for code, versions in by_code.items():
        line = line_of(versions[-1])
        line.comments, line.disputes, line.versions = comments[code], disputes[code], _versions(versions)
        found.append(line)
    return found


def comments_on_the_whole(review: Review) -> dict[str, ReviewComment]:
    return {comment.role: comment for comment in review.comments.select_related("by").filter(kpi_code="")}


def _versions(lines: list[FrozenLine]) -> list[Version]:
    said = [line_of(line).value for line in lines]
    return [Version(line, before, after) for line, before, after in zip(lines[1:], said[:-1], said[1:], strict=True)]


def record_rows(user: Any, records: Iterable[dict[str, Any] | FrozenRecord], kpi: Any) -> list[Any]:
    """Frozen records with a link where the reader may still see what became of them. One query for each kind."""
    said = [row.said if isinstance(row, FrozenRecord) else row for row in records]
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in said:
        wanted[row["kind"]].add(row["id"])
    seen = {
        (code, pk)
        for code, ids in wanted.items()
        for pk in kinds.get(code).model.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)  # type: ignore[union-attr]
    }
    return [
        SimpleNamespace(
            **row,
            kind_label=kinds.get(row["kind"]).label,
            url=kinds.get(row["kind"]).url_for(row["id"]) if (row["kind"], row["id"]) in seen else None,
            why_not=kpi.issues.get(row["issue"], row["issue"]) if row["issue"] else "",
            when=parse_datetime(row["at"]) if row["at"] else None,
            used=used_values.used(row["fields"]),
        )
        for row in said
    ]


def difference_rows(kpi: Any, found: Difference, currency: str | None) -> list[tuple[str, str, str]]:
    """The numbers that differ, by name, before and after."""
    names = {
        "value": _("Value"), "numerator": _("Numerator"), "denominator": _("Denominator"), "n": _("Records"),
    }  # fmt: skip

    def shown(name: str, value: Any) -> str:
        return wording.figure(kpi, value, currency) if name == "value" else formats.number(value)

    return [(names[name], shown(name, old), shown(name, new)) for name, (old, new) in found.numbers.items()]
