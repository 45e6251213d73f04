"""Writes down what a scorecard says and why, so that it can be shown, checked and never changed.

Every line is canonical JSON with a digest over the line before it; a line names the last digest of the chain of its
own records. Changing a single byte anywhere breaks the chain from there on, and `verify` says where.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation

from crm.models import User
from evaluation import engine
from evaluation.engine import judgement, rolling_up
from evaluation.engine.records import EvidenceRow
from evaluation.engine.results import HIDDEN, Result, as_json
from evaluation.engine.scopes import Scope
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi
from evaluation.models import FrozenLine, FrozenRecord, Goal, GoalTerms, KpiVersion, Review, TargetKind

COURSE = 13  # periods, the frozen one included: what the judgement of variation looked at
BATCH = 1000


def canonical(value: Any) -> str:
    """The one way to write a value: keys sorted, no blanks, no escapes that are not needed."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def chained(previous: str, content: str) -> str:
    return digest_of(f"{previous}\n{content}")


@dataclass(frozen=True)
class Draft:
    """What a line would say if it were frozen now: everything but its place in the chain."""

    said: dict[str, Any]
    rows: list[dict[str, Any]]


def draft(kpi: Kpi, scope: Scope, period: Period, *, at: datetime, segment: dict[str, Any] | None = None) -> Draft:
    """Measure a line: two statements, one for the numbers and their course, one for the records.

    `segment` is what is said of the one that the scope is narrowed to, if any."""
    series = engine.series(kpi, scope, periods.last(period.kind, COURSE, period), now=at)
    result = series[-1]
    terms, levels = _agreed(kpi, scope, period, at)
    judged = judgement.judge(series, levels)
    rows = [] if HIDDEN in result.flags else engine.evidence(kpi, scope, period, now=at).rows
    said = {
        "kpi": _definition(kpi),
        "scope": {"kind": scope.kind, "key": scope.key, "name": scope.name},
        "period": {"label": period.label, "kind": period.kind, "first": period.first, "last": period.last},
        "goal": _goal(terms, levels),
        "judgement": {
            "variation": asdict(judged.variation),
            "attainment": asdict(judged.attainment) if judged.attainment else None,
            "quality": asdict(judged.quality),
        },
        "course": [{"period": past.period.label, "value": past.value, "flags": past.flags} for past in series],
        "known_at": at,
        **({"segment": segment} if segment else {}),
        **_numbers(result),
    }
    return Draft(plain(said), [_record(row) for row in rows])


def freeze(
    review: Review,
    drafted: Draft,
    *,
    version: KpiVersion,
    position: int,
    by: User | None,
    at: datetime,
    reason: str = "",
) -> FrozenLine:
    """Add the line, and the records behind it, to the chain of the review. The caller holds the review's lock."""
    contents = [canonical(row) for row in drafted.rows]
    digests: list[str] = []
    for content in contents:
        digests.append(chained(digests[-1] if digests else "", content))
    said = {**drafted.said, "evidence": {"count": len(contents), "digest": digests[-1] if digests else ""}}
    last = review.lines.order_by("-sequence").first()
    code = said["kpi"]["code"]
    content = canonical(said)
    line = FrozenLine.objects.create(
        review=review,
        sequence=last.sequence + 1 if last else 1,
        position=position,
        kpi_code=code,
        number=review.lines.filter(kpi_code=code).count() + 1,
        kpi=version,
        content=content,
        digest=chained(last.digest if last else "", content),
        reason=reason,
        by=by,
        at=at,
    )
    _keep_records(line, drafted.rows, contents, digests)
    return line


def _keep_records(line: FrozenLine, rows: list[dict[str, Any]], contents: list[str], digests: list[str]) -> None:
    FrozenRecord.objects.bulk_create(
        (
            FrozenRecord(
                line=line, sequence=place, record_kind=row["kind"], record_id=row["id"], content=content, digest=digest
            )
            for place, (row, content, digest) in enumerate(zip(rows, contents, digests, strict=True), start=1)
        ),
        batch_size=BATCH,
    )


@dataclass(frozen=True)
class Difference:
    """How a line differs from another version of it: numbers by name, and the records in, out and changed."""

    numbers: dict[str, tuple[Any, Any]]
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[tuple[dict[str, Any], dict[str, Any]]]

    @property
    def is_empty(self) -> bool:
        return not (self.numbers or self.added or self.removed or self.changed)


def difference(before: FrozenLine, after: FrozenLine | Draft) -> Difference:
    old, old_rows = before.said, [row.said for row in before.records.all()]
    if isinstance(after, Draft):
        new, new_rows = after.said, after.rows
    else:
        new, new_rows = after.said, [row.said for row in after.records.all()]
    first = {(row["kind"], row["id"], row["at"]): row for row in old_rows}
    second = {(row["kind"], row["id"], row["at"]): row for row in new_rows}
    return Difference(
        {name: (old[name], new[name]) for name in ("value", "numerator", "denominator", "n") if old[name] != new[name]},
        [row for key, row in second.items() if key not in first],
        [row for key, row in first.items() if key not in second],
        [(row, second[key]) for key, row in first.items() if key in second and second[key] != row],
    )


def plain(value: Any) -> Any:
    """As JSON would hold it, so that what is drafted compares equal to what is stored."""
    found: Any = json.loads(json.dumps(value, default=as_json, allow_nan=False))
    return found


def _numbers(result: Result) -> dict[str, Any]:
    return {
        "value": result.value,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "n": result.n,
        "interval": result.interval.as_json() if result.interval else None,
        "flags": result.flags,
        "currency": result.currency,
    }


def _definition(kpi: Kpi) -> dict[str, Any]:
    """What the KPI meant, in every language: it must be readable when the KPI itself is long gone."""
    words: dict[str, Any] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words[language] = {
                "name": str(kpi.name),
                "meaning": str(kpi.meaning),
                "formula": str(kpi.formula),
                "source": str(kpi.source),
                "issues": {code: str(text) for code, text in kpi.issues.items()},
            }
    return {
        "code": kpi.code, "version": kpi.version, "digest": kpi.digest, "group": kpi.group, "unit": kpi.unit,
        "direction": kpi.direction, "minimum_n": kpi.minimum_n, "words": words,
    }  # fmt: skip


def _agreed(
    kpi: Kpi, scope: Scope, period: Period, at: datetime
) -> tuple[GoalTerms, judgement.Levels] | tuple[None, None]:
    """What was agreed for this KPI and scope: for such periods or, where nothing was, for the shorter ones in it.
    Goals are of scopes as a whole: where only a segment's customers count, none was agreed."""
    if scope.within:
        return None, None
    active = Goal.objects.active().of_scope(scope.kind, scope.stored_key).of_kpi(kpi.code)
    goals = {goal.period_kind: goal for goal in active.prefetch_related("versions__owner")}
    for kind in (period.kind, periods.QUARTER, periods.MONTH):
        if kind in goals and (kind == period.kind or period.kind in rolling_up.ROLLED_UP.get(kind, ())):
            terms = [goals[kind].terms_for(part) for part in rolling_up.parts_of(period, kind)]
            known = [one for one in terms if one is not None]
            if len(known) == len(terms):
                return known[-1], _levels(known, kpi, scope, period, at)
    return None, None


def _levels(terms: list[GoalTerms], kpi: Kpi, scope: Scope, period: Period, at: datetime) -> judgement.Levels:
    """The latest version that applies to the period counts, of what adds up each for its part."""
    if len(terms) > 1 and all(rolling_up.adds_up(kpi, one.target_kind) for one in terms):
        return rolling_up.together([judgement.levels_of(one, kpi) for one in terms])
    return judgement.levels_of(terms[-1], kpi, _last_year(terms[-1], kpi, scope, period, at))


def _goal(terms: Any, levels: judgement.Levels | None) -> dict[str, Any] | None:
    if terms is None or levels is None:
        return None
    names = ("target_kind", "baseline", "target", "target_high", "stretch", "weight", "commitment", "guard_code",
             "period_kind")  # fmt: skip
    return {
        "goal": terms.goal_id,
        "version": terms.number,
        "reason": terms.reason,
        "answer": terms.goal.answer,
        "owner": str(terms.owner) if terms.owner else None,
        "levels": asdict(levels),
        **{name: getattr(terms, name) for name in names},
    }


def _last_year(terms: GoalTerms, kpi: Kpi, scope: Scope, period: Period, at: datetime) -> float | None:
    if terms.target_kind != TargetKind.LAST_YEAR_RATIO:
        return None
    value = engine.value(kpi, scope, period.year_before(), now=at).value
    return None if value is None else float(value)


def _record(row: EvidenceRow) -> dict[str, Any]:
    found: dict[str, Any] = plain({**row.as_json(), "credited": row.keys})
    return found
