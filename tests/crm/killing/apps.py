"""An app for worker processes of the kill test: its subscriber leaves one row for each time it ran."""

from django.apps import AppConfig


class KillingConfig(AppConfig):
    name = "tests.crm.killing"
    label = "killing"

    def ready(self) -> None:
        import time

        from django.db import connection

        from crm import events

        @events.subscribe("killing.happened", name="killing.count")
        def count(event) -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO kill_effect (event_id) VALUES (%s)", [event.pk])
            time.sleep(0.004)  # long enough for a kill to fall between effect and done-mark
