"""The KPI engine: from one declaration to a number, its parts, its course, its records, and why it changed."""

from evaluation.engine.explaining import Explanation, Mover, explain
from evaluation.engine.measuring import by, series, value
from evaluation.engine.records import Evidence, EvidenceRow, evidence
from evaluation.engine.results import Interval, Result
from evaluation.engine.scopes import COMPANY, Scope, ScopeError

__all__ = [
    "COMPANY",
    "Evidence",
    "EvidenceRow",
    "Explanation",
    "Interval",
    "Mover",
    "Result",
    "Scope",
    "ScopeError",
    "by",
    "evidence",
    "explain",
    "series",
    "value",
]
