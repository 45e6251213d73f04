"""The real records of ../shared/data: the files, the profiles that import them, and the order that works."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
SALES, TICKETS = DATA / "sales", DATA / "tickets"
LOG = TICKETS / "incident_event_log.csv"
PROFILES = ROOT / "docs" / "examples"
ABSENT = f"the real records are not at {DATA}"

# (kind, file, profile), as docs/examples/import_all.md says.
ORDER = [
    ("team", SALES / "sales_teams.csv", "sales_offices"),
    ("person", SALES / "sales_teams.csv", "sales_managers"),
    ("team", SALES / "sales_teams.csv", "sales_teams"),
    ("person", SALES / "sales_teams.csv", "sales_agents"),
    ("person", SALES / "sales_teams.csv", "sales_managers_in_teams"),
    ("product", SALES / "products.csv", "products"),
    ("customer", SALES / "accounts.csv", "accounts"),
    ("opportunity", SALES / "sales_pipeline.csv", "sales_pipeline"),
    ("team", LOG, "incident_teams"),
    ("person", LOG, "incident_people"),
    ("contact", LOG, "incident_callers"),
    ("ticket", LOG, "incident_event_log"),
]

# What an import may leave behind: its own record of itself, and the log of what happened.
NOT_BUSINESS = {
    "crm_importbatch", "crm_importrow", "crm_importjournal", "crm_event", "crm_eventlink", "crm_delivery",
    "crm_notification", "django_migrations", "django_session", "crm_jobrun",
}  # fmt: skip


@dataclass
class Imported:
    """What `import_all` did, by profile, and how the business tables stood before the first import."""

    before: dict[str, list[str]]
    told: dict[str, dict[str, Any]] = field(default_factory=dict)


def import_file(kind: str, file: Path, profile: str, **options: Any) -> dict[str, Any]:
    """`manage.py import` with --json."""
    return command("import", kind, str(file), profile=str(PROFILES / f"{profile}.toml"), **options)


def command(*args: Any, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*args, json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def import_all() -> Imported:
    done = Imported(before=dump())
    for kind, file, profile in ORDER:
        done.told[profile] = import_file(kind, file, profile)
    return done


def dump() -> dict[str, list[str]]:
    """Every row of every business table as text, in an order that does not depend on where it is stored."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        tables = [name for (name,) in cursor.fetchall() if name not in NOT_BUSINESS]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT row::text FROM "{table}" AS row ORDER BY row::text COLLATE "C"')
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))
