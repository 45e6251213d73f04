"""What of customers is done by itself."""

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from crm.jobs import periodic
from customers.actions import cadence, merging, repetition, snoozes
from customers.models import duplicate


@periodic("find-duplicates", every="day", hour=1)
def find_duplicates(now: datetime) -> None:
    with transaction.atomic():
        merging.gather_stragglers()
        duplicate.scan(now)


@periodic("make-cadence-tasks", every="day", hour=3)
def make_cadence_tasks(now: datetime) -> None:
    cadence.make_tasks(now)


@periodic("repeat-tasks", every="day", hour=0)
def repeat_tasks(now: datetime) -> None:
    repetition.make_due(now)
    snoozes.forget_past(localtime(now).date())
