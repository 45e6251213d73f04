from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.exchange import retention, working
from crm.jobs import periodic


@shared_task(name="crm.work_on_import")
def work_on_import(*, batch_id: int, **_: Any) -> None:
    working.work(batch_id, timezone.now())


@periodic("take-up-imports", every="minute", label=_("Going on with imports that were cut off"))
def take_up_imports(now: Any) -> None:
    working.take_up_again(now)


@periodic("clear-old-imports", every="day", hour=3, label=_("Emptying imports that can no longer be undone"))
def clear_old_imports(now: Any) -> None:
    retention.clear_old(now)
