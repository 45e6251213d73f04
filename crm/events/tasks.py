import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from crm.advisory_lock import AdvisoryLock
from crm.events import delivering, webhooks

LONGEST_RUN = 600  # seconds


@shared_task(name="crm.deliver_events")
def deliver_events(**_: Any) -> int:
    return delivering.deliver_due(timezone.now())


@shared_task(name="crm.call_webhooks")
def call_webhooks(**_: Any) -> int:
    """One worker at a time: a server that lets us wait may not keep all of them from their work."""
    made, end = 0, time.monotonic() + LONGEST_RUN
    with AdvisoryLock("call-webhooks") as mine:
        while mine and time.monotonic() < end and webhooks.call_next(timezone.now()):
            made += 1
    return made
