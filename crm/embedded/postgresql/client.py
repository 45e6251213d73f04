from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client

from crm.embedded import server


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell`, with the psql that comes with the server."""

    def runshell(self, parameters: Iterable[str]) -> None:
        from crm.embedded.postgresql.base import parameters as connection_parameters

        where: dict[str, Any] = connection_parameters(self.connection.settings_dict)
        self.executable_name = str(server.binary("psql"))
        self.connection.settings_dict.update(HOST=where["host"], PORT=where["port"], USER=where["user"])
        super().runshell(parameters)
