from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from evaluation import engine, kpis
from evaluation.engine import scopes, statements
from evaluation.engine.results import HIDDEN, Result
from evaluation.formulas import periods
from evaluation.formulas.periods import Period
from evaluation.kpis import Kpi


class Refused(CommandError):
    """What was asked for does not exist; the one line says what does."""

    def __init__(self, message: object) -> None:
        super().__init__(" ".join(str(message).split()), returncode=2)


class Command(BaseCommand):
    help = "Measures a KPI: its value with numerator, denominator and interval, its parts, and its records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="the KPI's code; --list shows them")
        parser.add_argument("--list", action="store_true", help="list every KPI with its declaration")
        parser.add_argument("--period", help=periods.ALLOWED)
        parser.add_argument("--scope", default="company", metavar="KIND:NAME", help="team:North, person:Anna …")
        parser.add_argument(
            "--segment", metavar="NAME", help="of its members only, as of now; asked as its owner would"
        )
        parser.add_argument("--by", metavar="DIMENSION", help="one result for each team, person, channel …")
        parser.add_argument("--as-of", metavar="DATE", help="as the numbers stood at the end of that day")
        parser.add_argument("--evidence", action="store_true", help="with the records behind each result")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *, code: str | None, **options: Any) -> None:
        with translation.override("en"):  # a tool for programs: its words do not follow the reader's language
            try:
                answer = self._list() if options["list"] else self._measure(code, options, timezone.now())
            except (kpis.UnknownKpi, scopes.ScopeError, periods.PeriodError) as error:
                raise Refused(error) from None
            if options["json"]:
                self.stdout.write(json.dumps(answer, ensure_ascii=False, default=str))
            else:
                self._print(answer)

    def _list(self) -> dict[str, Any]:
        return {"kpis": [declaration(kpi) for kpi in kpis.all_kpis()]}

    def _measure(self, code: str | None, options: dict[str, Any], now: datetime) -> dict[str, Any]:
        if not code:
            raise Refused(f"Write the code of a KPI: {', '.join(kpi.code for kpi in kpis.all_kpis())}.")
        kpi = kpis.get(code)
        if not options["period"]:
            raise Refused(f"Write --period, one of the form {periods.ALLOWED}.")
        period, as_of = periods.parse(options["period"]), _day(options["as_of"])
        scope = scopes.resolve(options["scope"])
        if options["segment"]:
            scope = scopes.of_segment(kpi, scope, options["segment"])
        seen = statements.View.of(as_of, now).seen
        found = self._results(kpi, scope, period, options["by"], as_of, now)
        results = []
        for result in found:
            row = result.as_json()
            if options["evidence"]:
                row["evidence"] = [record.as_json() for record in _behind(result, as_of, now)]
            results.append(row)
        return {
            "kpi": kpi.code,
            "version": kpi.version,
            "unit": kpi.unit.value,
            "period": {
                "start": period.first.isoformat(),
                "end": period.last.isoformat(),
                "complete": period.is_complete(seen, statements.zone()),
            },
            "as_of": as_of.isoformat() if as_of else None,
            "results": results,
        }

    def _results(
        self, kpi: Kpi, scope: scopes.Scope, period: Period, by: str | None, as_of: date | None, now: datetime
    ) -> list[Result]:
        if by is None:
            return [engine.value(kpi, scope, period, as_of, now=now)]
        return engine.by(kpi, by, period, scope, as_of, now=now)

    def _print(self, answer: dict[str, Any]) -> None:
        if "kpis" in answer:
            for kpi in answer["kpis"]:
                self.stdout.write(f"{kpi['code']:<22}{kpi['unit']:<9}{kpi['meaning']}")
            return
        span = answer["period"]
        state = "" if span["complete"] else ", not complete"
        self.stdout.write(f"{answer['kpi']} v{answer['version']}, {span['start']} to {span['end']}{state}")
        self._table(_lines(answer["results"]))
        for row in answer["results"]:
            self._table([_record(record) for record in row.get("evidence", ())])

    def _table(self, lines: Iterable[list[str]]) -> None:
        rows = list(lines)
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _behind(result: Result, as_of: date | None, now: datetime) -> list[engine.EvidenceRow]:
    """No records of a number that is hidden because so few answers would tell who gave them, as in a review."""
    if HIDDEN in result.flags:
        return []
    return engine.evidence(result.kpi, result.scope, result.period, as_of=as_of, now=now).rows


def declaration(kpi: Kpi) -> dict[str, Any]:
    """What `--list` says of a KPI."""
    return {
        "code": kpi.code,
        "version": kpi.version,
        "name": str(kpi.name),
        "meaning": str(kpi.meaning),
        "formula": str(kpi.formula),
        "group": kpi.group,
        "unit": kpi.unit.value,
        "direction": kpi.direction.value,
        "time": kpi.time.value,
        "aggregation": kpi.aggregation.value,
        "additive": kpi.is_additive,
        "scopes": [scopes.COMPANY_KIND, *kpi.dimensions],
        "interval": kpi.interval.value,
        "minimum_n": kpi.minimum_n,
        "matures_after": kpi.matures_after.total_seconds(),
        "guard": kpi.guard or None,
        "flags": {code: str(words) for code, words in kpi.issues.items()},
        "source": str(kpi.source),
        "digest": kpi.digest,
    }


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(f"{text!r} is not a day; write --as-of 2017-09-30.") from None


def _lines(results: list[dict[str, Any]]) -> Iterable[list[str]]:
    yield ["scope", "value", "numerator", "denominator", "n", "interval", "flags"]
    for row in results:
        scope, span = row["scope"], row["interval"]
        yield [
            f"{scope['kind']}: {scope['name'] or '-'}" if scope["kind"] != "company" else "company",
            *(_cell(row[name]) for name in ("value", "numerator", "denominator", "n")),
            f"{_cell(span['low'])} to {_cell(span['high'])}" if span else "-",
            ", ".join(row["flags"]) or "-",
        ]


def _record(record: dict[str, Any]) -> list[str]:
    counts = record["numerator"] if record["value"] is None else record["value"]
    reason = record["issue"] or ("" if record["counted"] else "not counted")
    return [record["at"][:19], f"{record['kind']} {record['id']}", record["label"], _cell(counts), reason]


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_cell(value['amount'])} {value['currency']}"
    if value is None:
        return "-"
    return f"{value:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
