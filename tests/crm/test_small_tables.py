"""The planner knows the tables that autovacuum never comes to."""

from __future__ import annotations

import pytest
from django.db import connection

from crm.jobs import schedule
from crm.models import small_tables

pytestmark = pytest.mark.django_db


def values_known(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_length(most_common_vals::text::text[], 1) FROM pg_stats WHERE tablename = %s", [table]
        )
        return [row[0] for row in cursor.fetchall()]


def fill(table, rows):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {table} AS SELECT n %% 5 AS state FROM generate_series(1, %s) AS n", [rows])


def test_the_planner_learns_what_stands_in_a_small_table_and_leaves_a_large_one_to_autovacuum():
    fill("few_states", 20)
    fill("many_states", 2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE many_states")
        cursor.execute("UPDATE many_states SET state = 1")
    assert values_known("few_states") == []
    job = next(job for job in schedule.all_jobs() if job.name == "analyse-small-tables")
    job.run(None)
    assert values_known("few_states") == [5]
    assert values_known("many_states") == [5]
    assert not any("many_states" in name for name in small_tables.analyse())
