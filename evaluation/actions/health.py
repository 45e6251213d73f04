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
        cursor.execute(WRITE, {"now": now, "day": day, "version": health.VERSION})
        return Scored(*cursor.fetchone())


_COMPARED = ("score", "band", "coverage", "raw", "values", "ages", "points", "capped", "version")


def _write() -> str:
    """The three parts see the table as it was before: the old row decides what is news."""
    names = ", ".join(_quoted(name) for name in _COMPARED)
    old = ", ".join(f"old.{_quoted(name)}" for name in _COMPARED)
    new = ", ".join(f"fresh.{_quoted(name)}" for name in _COMPARED)
    sets = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in (*_COMPARED, "computed_at"))
    band = health.band_sql("scored.score", "scored.coverage", "old.band")
    return f"""WITH fresh AS MATERIALIZED (
            SELECT scored.*, {band} AS band, %(version)s::smallint AS version, old.customer_id IS NULL AS is_new,
                old.band AS old_band, round(old.score) AS old_score
            FROM ({health.scored_sql()}) AS scored
            LEFT JOIN evaluation_healthscore AS old ON old.customer_id = scored.customer_id),
        written AS (
            INSERT INTO evaluation_healthscore (customer_id, {names}, computed_at)
            SELECT fresh.customer_id, {new}, %(now)s
            FROM fresh LEFT JOIN evaluation_healthscore AS old ON old.customer_id = fresh.customer_id
            WHERE old.customer_id IS NULL OR ({old}) IS DISTINCT FROM ({new})
            ON CONFLICT (customer_id) DO UPDATE SET {sets} RETURNING 1),
        noted AS (
            INSERT INTO evaluation_healthsnapshot (customer_id, day, score, band, coverage, version)
            SELECT customer_id, %(day)s, score, band, coverage, version FROM fresh
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
