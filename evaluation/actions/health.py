"""Scores every customer's health: a statement for each source, and one that writes only what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from evaluation.engine import health, statements


@dataclass(frozen=True)
class Scored:
    """How much was written; a second run the same day writes nothing."""

    written: int
    snapshots: int
    rated: int


@transaction.atomic
def score_all(*, now: datetime) -> Scored:
    """Score everybody, note the day's snapshot where a point or the band changed, and rate the customers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', %s, true)", [health.WORK_MEM])
        for name, sql in health.SOURCES.items():
            table = health.source_table(name)
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
            cursor.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {sql}", {"now": now})
            cursor.execute(f"ANALYZE {table}")
        day = now.astimezone(statements.zone()).date()
        cursor.execute(WRITE, {"now": now, "day": day})
        return Scored(*cursor.fetchone())


_STORED = ("score", "band", "coverage", "raw", "values", "ages", "points", "capped", "version")


def _write() -> str:
    """Every row of `fresh` is news; what is stored of it decides whether it is news to the history, too."""
    names = ", ".join(_quoted(name) for name in _STORED)
    sets = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in (*_STORED, "computed_at"))
    return f"""WITH fresh AS MATERIALIZED (
            SELECT scored.*, {health.band_sql("score", "coverage", "old_band")} AS band, {health.VERSION} AS version
            FROM ({health.scored_sql()}) AS scored),
        written AS (
            INSERT INTO evaluation_healthscore (customer_id, {names}, computed_at)
            SELECT customer_id, {names}, %(now)s FROM fresh
            ON CONFLICT (customer_id) DO UPDATE SET {sets} RETURNING 1),
        noted AS (
            INSERT INTO evaluation_healthsnapshot (customer_id, day, score, band, coverage, version)
            SELECT customer_id, %(day)s::date, score, band, coverage, version FROM fresh
            WHERE is_new OR old_band <> band OR old_score IS DISTINCT FROM round(score)
            ON CONFLICT (customer_id, day) DO UPDATE
            SET score = excluded.score, band = excluded.band, coverage = excluded.coverage,
                version = excluded.version RETURNING 1),
        rated AS (
            UPDATE customers_customer AS customer SET health = fresh.health
            FROM (SELECT customer_id, CASE WHEN band <> 'unknown' THEN round(score)::smallint END AS health
                FROM fresh) AS fresh
            WHERE customer.id = fresh.customer_id AND customer.health IS DISTINCT FROM fresh.health RETURNING 1)
        SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM noted), (SELECT count(*) FROM rated)"""


def _quoted(name: str) -> str:
    return f'"{name}"'  # values is a word of SQL


WRITE = _write()
