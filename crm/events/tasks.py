from typing import Any

from celery import shared_task
from django.utils import timezone

from crm.events import delivering


@shared_task(name="crm.deliver_events")
def deliver_events(**_: Any) -> int:
    return delivering.deliver_due(timezone.now())
