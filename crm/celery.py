"""Celery is only told that there is work: what is due lives in tables, so a lost message loses nothing."""

import os
from typing import Any

from celery import Celery, bootsteps

from crm.embedded import queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

queue.install()
app = Celery("crm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["crm.events", "crm.jobs", "crm.exchange"])


class HearsTheEndSoon(bootsteps.StartStopStep):
    """A broker of files is looked at five times a second, but whether to stop only when two seconds brought nothing,
    and then once more: an idle worker took four seconds to hear it."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        transport: Any = consumer.connection.transport
        pause = getattr(transport, "polling_interval", None)
        if consumer.hub is not None or not pause:  # Redis is heard at once
            return
        drain = transport.drain_events
        transport.drain_events = lambda connection, timeout=None: drain(connection, timeout=pause)


app.steps["consumer"].add(HearsTheEndSoon)
