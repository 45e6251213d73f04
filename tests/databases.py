"""Databases that take long to make: one worker makes each, and all work in copies, which are there in a moment."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection


class MadeOnce:
    """Databases by name; `folder` is known to all workers of a run and to no other run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prefix = str(connection.settings_dict["TEST"]["NAME"])

    def empty(self) -> str:
        """The name of a database that has only been migrated."""
        return str(self._once("empty", self._migrate))

    @contextmanager
    def filled(self, name: str, fill: Callable[[], Any]) -> Iterator[Any]:
        """What `fill` answered when it filled the database; until the end everybody here works in a copy of that."""
        before = str(connection.settings_dict["NAME"])
        answer = self._once(name, lambda: self._fill(name, fill))
        mine = f"{before}_copy_of_{name}"
        _copy(self._called(name), mine)
        _work_in(mine)
        try:
            yield answer
        finally:
            _work_in(before)
            _drop(mine)

    def leave(self) -> None:
        """The last worker to leave removes what was made."""
        with self._alone("leaving") as left:
            left.write("I\n")
            left.seek(0)
            if len(left.readlines()) == int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)):
                for made in self.folder.glob("*.made"):
                    _drop(self._called(made.stem))

    def _called(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        made = self.folder / f"{name}.made"
        with self._alone(name):
            if not made.exists():
                made.write_bytes(pickle.dumps(make()))
            return pickle.loads(made.read_bytes())

    @contextmanager
    def _alone(self, name: str) -> Iterator[Any]:
        with (self.folder / f"{name}.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _migrate(self) -> str:
        before, test = str(connection.settings_dict["NAME"]), connection.settings_dict["TEST"]
        own, test["NAME"] = test["NAME"], self._called("empty")
        try:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        finally:
            test["NAME"] = own
            _work_in(before)
        return self._called("empty")

    def _fill(self, name: str, fill: Callable[[], Any]) -> Any:
        before = str(connection.settings_dict["NAME"])
        _copy(before, self._called(name))
        _work_in(self._called(name))
        try:
            answer = fill()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # a copy is new to autovacuum, which would never look at what lies in it
            return answer
        finally:
            _work_in(before)


def _work_in(database: str) -> None:
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = database


def _copy(source: str, target: str) -> None:
    """PostgreSQL copies only what nobody is connected to."""
    _drop(target)
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def _drop(database: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')
