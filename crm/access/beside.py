"""Whose the record is that a row is about, kept beside the row's foreign key by the database itself.

A rep sees what is about a visible customer. Asking the customer of every row makes a list as slow as the team is large,
so tables that are listed carry the owner and the team of their customer in two columns, empty while the customer is in
the bin. Triggers keep them: no code writes them, so none can forget, and the models do not know them. Why and what it
costs: docs/decisions/0008-customers-scope-beside-what-is-about-them.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact, In

BATCH = 2_000  # customers held at once while the columns are filled


class Beside(Func):
    """One of the columns beside the foreign key `key`: "owner" or "team" of what it points to."""

    def __init__(self, key: str, what: str) -> None:
        super().__init__(F(key), output_field=models.BigIntegerField())
        self.column = f"{key}_{what}_id"

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        (key,) = self.get_source_expressions()
        return f"{compiler.quote_name_unless_alias(key.alias)}.{connection.ops.quote_name(self.column)}", ()


def said_beside(key: str, condition: Q, followed: Any) -> Q | None:
    """A condition on the followed record's owner, team or key, as one on the row; None where it is about more.

    Keys that a rule names count only among those of the `followed` records that are outside the bin.
    """
    if condition.negated or len(condition.children) != 1 or not isinstance(condition.children[0], tuple):
        return None
    path, value = condition.children[0]
    if path in ("owner", "team"):
        return Q(Exact(Beside(key, path), value))
    if path == "team__in":
        return Q(In(Beside(key, "team"), list(value)))
    if path == "pk__in":
        return Q(**{f"{key}__in": list(followed.alive().filter(pk__in=value).values_list("pk", flat=True))})
    return None


@dataclass(frozen=True)
class Kept:
    """The columns beside `key` in `table`, and the SQL that adds, keeps, fills and removes them."""

    table: str
    key: str
    followed: str
    also: str = ""  # what follows the scope in its indexes; never the order, which an OR of four scopes cannot use
    where: str = " WHERE deleted_at IS NULL"
    # A row holds its customer until its transaction ends: a handover at the same moment either has happened before, or
    # waits and then finds the row. Without it the columns only narrow, and the customer has to be asked beside them.
    holds: bool = True

    @property
    def told(self) -> str:
        """The trigger of the customers: a table may follow them by several keys."""
        return f"told_to_{self.table}" + ("" if self.key == "customer" else f"_as_{self.key}")

    def columns(self) -> str:
        return (
            f"ALTER TABLE {self.table} ADD COLUMN IF NOT EXISTS {self.key}_owner_id bigint, "
            f"ADD COLUMN IF NOT EXISTS {self.key}_team_id bigint"
        )

    def without_columns(self) -> str:
        return (
            f"ALTER TABLE {self.table} DROP COLUMN IF EXISTS {self.key}_owner_id, "
            f"DROP COLUMN IF EXISTS {self.key}_team_id"
        )

    def triggers(self) -> str:
        """A row reads its customer when it is stored or gets another; a customer tells its rows when it is handed over,
        put into the bin or restored. `WHEN` keeps every other update of a customer free of it.

        A statement that brings both columns itself is believed where the row does not hold its customer.
        """
        table, key, followed = self.table, self.key, self.followed
        lock = " FOR NO KEY UPDATE" if self.holds else ""
        unsaid = "" if self.holds else f" AND NEW.{key}_owner_id IS NULL AND NEW.{key}_team_id IS NULL"
        seen = "({0}.owner_id, {0}.team_id, {0}.deleted_at IS NULL)"
        return f"""
CREATE OR REPLACE FUNCTION {table}_reads_{key}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT CASE WHEN deleted_at IS NULL THEN owner_id END, CASE WHEN deleted_at IS NULL THEN team_id END
        INTO NEW.{key}_owner_id, NEW.{key}_team_id FROM {followed} WHERE id = NEW.{key}_id{lock};
    IF NOT FOUND AND NEW.{key}_id IS NOT NULL THEN
        RAISE EXCEPTION '{key} % has to be stored before what is about it', NEW.{key}_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION {table}_follows_{key}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE {table} SET
        {key}_owner_id = CASE WHEN NEW.deleted_at IS NULL THEN NEW.owner_id END,
        {key}_team_id = CASE WHEN NEW.deleted_at IS NULL THEN NEW.team_id END
        WHERE {key}_id = NEW.id;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS reads_{key}_when_stored ON {table};
CREATE TRIGGER reads_{key}_when_stored BEFORE INSERT ON {table} FOR EACH ROW
    WHEN (NEW.{key}_id IS NOT NULL{unsaid}) EXECUTE FUNCTION {table}_reads_{key}();
DROP TRIGGER IF EXISTS reads_{key}_when_moved ON {table};
CREATE TRIGGER reads_{key}_when_moved BEFORE UPDATE OF {key}_id ON {table} FOR EACH ROW
    WHEN (OLD.{key}_id IS DISTINCT FROM NEW.{key}_id) EXECUTE FUNCTION {table}_reads_{key}();
DROP TRIGGER IF EXISTS {self.told} ON {followed};
CREATE TRIGGER {self.told} AFTER UPDATE OF owner_id, team_id, deleted_at ON {followed} FOR EACH ROW
    WHEN ({seen.format("OLD")} IS DISTINCT FROM {seen.format("NEW")}) EXECUTE FUNCTION {table}_follows_{key}();
"""

    def without_triggers(self) -> str:
        table, key = self.table, self.key
        return f"""
DROP TRIGGER IF EXISTS reads_{key}_when_stored ON {table};
DROP TRIGGER IF EXISTS reads_{key}_when_moved ON {table};
DROP TRIGGER IF EXISTS {self.told} ON {self.followed};
DROP FUNCTION IF EXISTS {table}_reads_{key}();
DROP FUNCTION IF EXISTS {table}_follows_{key}();
"""

    def indexes(self) -> list[tuple[str, str]]:
        """Statements that make and remove them, none of which stops a writer."""
        return [
            (
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} "
                f"ON {self.table} ({self.key}_{what}_id{self.also}){self.where}",
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
            )
            for what in ("owner", "team")
            for name in [f"{self.table}_{self.key}_{what}"]
        ]

    def fill(self, connection: Any) -> None:
        """Once, for the rows that are older than the triggers: some customers at a time, each batch by itself."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {self.followed}")
            (last,) = cursor.fetchone()
            for first in range(0, last, BATCH):
                cursor.execute(self._filled(), [first, first + BATCH])

    def _filled(self) -> str:
        beside = f"({self.key}_owner_id, {self.key}_team_id)"
        return f"""
            WITH held AS MATERIALIZED (
                SELECT id, owner_id, team_id FROM {self.followed}
                WHERE id > %s AND id <= %s AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE
            )
            UPDATE {self.table} SET {beside} = (held.owner_id, held.team_id) FROM held
            WHERE {self.table}.{self.key}_id = held.id AND {beside} IS DISTINCT FROM (held.owner_id, held.team_id)
        """


def operations(*tables: Kept) -> Iterable[Any]:
    """What a migration (`atomic = False`) does for these tables."""
    from django.db.migrations import RunPython, RunSQL

    for kept in tables:
        yield RunSQL(kept.columns(), kept.without_columns())
        yield RunSQL(kept.triggers(), kept.without_triggers())
        yield RunPython(lambda apps, editor, kept=kept: kept.fill(editor.connection), RunPython.noop)
        for made, removed in kept.indexes():
            yield RunSQL(made, removed)
