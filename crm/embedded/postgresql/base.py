"""Django's PostgreSQL backend on the embedded server: `ENGINE = "crm.embedded.postgresql"`."""

import time
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

from crm.embedded import server
from crm.embedded.postgresql.client import DatabaseClient

PATIENCE = 20.0
PASSING = (
    "the database system is",  # starting up, shutting down, in recovery mode
    "No such file or directory",
    "Connection refused",
    "server closed the connection",
)


class DatabaseNotStarted(OperationalError, CommandError):
    """The server's sentence: one line from manage.py, and an OperationalError to everyone else."""


def parameters(settings: dict[str, Any]) -> dict[str, Any]:
    var = settings.get("VAR_DIR")
    try:
        return server.ensure(server.folder(Path(var) if var else None))
    except server.EmbeddedServerError as error:
        raise DatabaseNotStarted(str(error)) from None


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        where = parameters(self.settings_dict)
        chosen = super().get_connection_params()
        return {**chosen, **{name: where[name] for name in ("host", "port", "user")}}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Wait out a server that is being started, stopped or recovered after somebody killed a part of it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return super().get_new_connection(conn_params)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or not any(sign in str(error) for sign in PASSING):
                    raise
                time.sleep(0.05)
            where = parameters(self.settings_dict)
            conn_params = {**conn_params, **{name: where[name] for name in ("host", "port", "user")}}
