"""How an operation is timed: warm, many times, beside the raw SQL that gives the same answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.benchmarks.pace import pace

RUNS, SLOW_RUNS, SLOW = 30, 5, 1.0  # what takes longer than a second is done five times


@dataclass
class Operation:
    """One thing people wait for. `check` says whether its result is what the raw SQL answered."""

    name: str
    ours: Callable[[], Any]
    raw: Callable[[], Any]
    check: Callable[[Any, Any], bool] = lambda ours, raw: ours == raw
    runs: int = RUNS
    budget: float | None = None  # milliseconds, of the 95th percentile
    most: float | None = None  # times the raw SQL, where that is the budget
    alone: Callable[[], Any] | None = None  # our own statement without the Python around it, where that is told apart
    beside: Callable[[], Any] | None = None  # what it may take `no_slower` times as long as
    no_slower: float = 0
    most_queries: int | None = None
    most_kilobytes: int | None = None  # of a page as it is sent, which is compressed
    size: Callable[[], tuple[int, int]] | None = None  # of the page in bytes: as it is sent, and read


@dataclass
class Measured:
    name: str
    who: str
    p50: float
    p95: float
    cpu: float  # of this process alone, the mean: what the machine's other work does not change
    runs: int
    raw_p50: float | None
    ratio: float | None
    alone_p50: float | None  # our own statement alone
    queries: int
    same: bool
    budget: str
    kept: bool | None
    beside: float | None = None  # how many times as long as what it is compared with
    sent: float | None = None  # kilobytes of a page as it is sent
    whole: float | None = None  # and as the browser reads it
    pace: float = 1  # how many times as long as the machine of the budgets this one took meanwhile
    kept_by_pace: bool | None = None  # the budgets in milliseconds, had it been as fast as that

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def query(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def measure(operation: Operation, who: str = "") -> Measured:
    before = [pace() for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        began = time.perf_counter()
        answer = operation.ours()  # the first call warms the caches
        first = time.perf_counter() - began
    queries = len(captured)
    if operation.runs > 1:
        with CaptureQueriesContext(connection) as captured:
            answer = operation.ours()
        queries = len(captured)
    runs = min(operation.runs, SLOW_RUNS) if first > SLOW else operation.runs
    expected = operation.raw()
    times, cpu, meanwhile = _in_turn(operation, runs)
    if operation.runs == 1:
        times["ours"], cpu, meanwhile = [first], 0.0, [*before, *(pace() for _ in range(3))]
    middle = {name: statistics.median(values) if values else None for name, values in times.items()}
    p50, raw_p50 = middle["ours"] or 0.0, middle["raw"] or 0.0
    sent, whole = operation.size() if operation.size else (None, None)
    row = Measured(
        operation.name, who, _ms(p50), _ms(percentile(times["ours"], 0.95)), _ms(cpu), len(times["ours"]),
        _ms(raw_p50), round(p50 / raw_p50, 2), _ms(middle["alone"]) if middle["alone"] else None, queries,
        bool(operation.check(answer, expected)), "", None,
        round(p50 / middle["beside"], 2) if middle["beside"] else None,
        round(sent / 1024, 1) if sent else None, round(whole / 1024, 1) if whole else None,
        round(statistics.median(meanwhile), 2),
    )  # fmt: skip
    judge(row, operation)
    return row


def judge(row: Measured, operation: Operation) -> None:
    """What the table of budgets says of it, whether all of that was kept, and whether it would be at its pace."""
    limits = [
        (operation.budget, row.p95, "p95 ≤ {:.0f} ms"),
        (operation.most, row.ratio, "≤ {} × raw"),
        (operation.no_slower or None, row.beside, "≤ {} × first"),
        (operation.most_queries, row.queries, "≤ {} queries"),
        (operation.most_kilobytes, row.sent, "≤ {} KB"),
    ]
    asked = [(limit, value, text) for limit, value, text in limits if limit is not None and value is not None]
    row.budget = ", ".join(text.format(limit) for limit, _, text in asked)
    if asked:
        row.kept = all(value <= limit for limit, value, _ in asked)
        others = [(limit, value) for limit, value, text in asked if "p95" not in text]
        if operation.budget is not None:
            others.append((operation.budget, row.p95 / max(row.pace, 1)))
        row.kept_by_pace = all(value <= limit for limit, value in others)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _in_turn(operation: Operation, runs: int) -> tuple[dict[str, list[float]], float, list[float]]:
    """One of each, then again: what else the machine does then falls on all alike. With the CPU time of ours, and the
    machine's pace meanwhile."""
    times: dict[str, list[float]] = {"ours": [], "raw": [], "alone": [], "beside": []}
    cpu, meanwhile = 0.0, []
    for _ in range(runs):
        meanwhile.append(pace())
        if operation.runs > 1:
            used = time.process_time()
            times["ours"].append(_timed(operation.ours))
            cpu += time.process_time() - used
        times["raw"].append(_timed(operation.raw))
        for name, call in (("alone", operation.alone), ("beside", operation.beside)):
            if call:
                times[name].append(_timed(call))
    return times, cpu / runs, meanwhile


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
