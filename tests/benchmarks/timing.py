"""How an operation is timed: warm, many times, beside the raw SQL that gives the same answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

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


@dataclass
class Measured:
    name: str
    who: str
    p50: float
    p95: float
    cpu: float  # of this process alone, the mean: what the machine's other work does not change
    runs: int
    raw_p50: float
    ratio: float
    alone_p50: float | None  # our own statement alone
    queries: int
    same: bool
    budget: str
    kept: bool | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def query(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def the_machine() -> Operation:
    """The same computation every time, with no database and nothing of ours: what its runs differ by is the machine's,
    and so is as much of what the runs of anything else differ by."""

    def compute() -> int:
        total = 0
        for number in range(600_000):
            total += number
        return total

    return Operation("(the machine: a fixed computation)", compute, compute)


def measure(operation: Operation, who: str = "") -> Measured:
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
    ours, raw, alone, cpu = _in_turn(operation, runs)
    if operation.runs == 1:
        ours, cpu = [first], 0.0
    p50, p95, raw_p50 = statistics.median(ours), percentile(ours, 0.95), statistics.median(raw)
    ratio = p50 / raw_p50
    alone_p50 = round(statistics.median(alone) * 1000, 2) if alone else None
    budget, kept = "", None
    if operation.budget is not None:
        budget, kept = f"p95 ≤ {operation.budget:.0f} ms", p95 * 1000 <= operation.budget
    elif operation.most is not None:
        budget, kept = f"≤ {operation.most} × raw", ratio <= operation.most
    return Measured(
        operation.name, who, round(p50 * 1000, 2), round(p95 * 1000, 2), round(cpu * 1000, 2), len(ours),
        round(raw_p50 * 1000, 2), round(ratio, 2), alone_p50, queries, bool(operation.check(answer, expected)),
        budget, kept,
    )  # fmt: skip


def _in_turn(operation: Operation, runs: int) -> tuple[list[float], list[float], list[float], float]:
    """One of each, then again: what else the machine does then falls on all alike. With the CPU time of ours."""
    ours, raw, alone, cpu = [], [], [], 0.0
    for _ in range(runs):
        if operation.runs > 1:
            used = time.process_time()
            ours.append(_timed(operation.ours))
            cpu += time.process_time() - used
        raw.append(_timed(operation.raw))
        if operation.alone:
            alone.append(_timed(operation.alone))
    return ours, raw, alone, cpu / runs


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
