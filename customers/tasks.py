"""What of customers is done by itself."""

import time
from datetime import datetime
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from crm.jobs import periodic
from customers.actions import (
    cadence,
    daily_summaries,
    email_sending,
    erasures,
    merging,
    places,
    pool,
    repetition,
    snoozes,
)
from customers.models import ErasureRequest, duplicate

LONGEST_RUN = 300  # seconds


@shared_task(name="customers.send_emails")
def send_emails(**_: Any) -> int:
    sent, end = 0, time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and email_sending.send_next(timezone.now()):
        sent += 1
    return sent


@periodic("send-emails", every="minute", label=_("Sending mail"))
def send_waiting_emails(now: datetime) -> None:
    """Those nobody was told about, and those that are to be tried again."""
    send_emails()


@periodic("daily-summaries", every="minute", label=_("Daily summaries by mail"))
def send_daily_summaries(now: datetime) -> None:
    """Of whom the hour has come, and those that are to be tried again."""
    daily_summaries.make_due(now)
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and daily_summaries.send_next(timezone.now()):
        pass


@periodic("forget-daily-summaries", every="day", label=_("Clearing away old daily summaries"))
def forget_daily_summaries(now: datetime) -> None:
    daily_summaries.forget_old(now)


@periodic("find-duplicates", every="day", hour=1, label=_("Looking for duplicates"))
def find_duplicates(now: datetime) -> None:
    with transaction.atomic():
        merging.gather_stragglers()
        duplicate.scan(now)


@periodic("customer-pool", every="day", hour=4, label=_("Customer pool: releases and warnings"))
def look_after_the_pool(now: datetime) -> None:
    pool.release_quiet(now)
    pool.warn_owners(now)


@periodic("look-up-new-places", every="minute", label=_("Finding customers on the map"))
def look_up_new_places(now: datetime) -> None:
    """Where customers are whose city nobody has looked up yet."""
    places.look_up_new(now)


@periodic("look-up-places-again", every="day", hour=5, label=_("Finding customers on the map again"))
def look_up_places_again(now: datetime) -> None:
    places.look_up_again(now)


@periodic("make-cadence-tasks", every="day", hour=3, label=_("Tasks of contact cadence rules"))
def make_cadence_tasks(now: datetime) -> None:
    cadence.make_tasks(now)


@periodic("repeat-tasks", every="day", hour=0, label=_("Recurring tasks"))
def repeat_tasks(now: datetime) -> None:
    repetition.make_due(now)
    snoozes.forget_past(localtime(now).date())


@shared_task(name="customers.carry_out_erasure")
def carry_out_erasure(*, request_id: int, **_: Any) -> bool:
    return erasures.carry_out(request_id, timezone.now())


@periodic("carry-out-erasures", every="minute", label=_("Erasing personal data"))
def carry_out_erasures(now: datetime) -> None:
    """Those nobody was told about, and those during which a worker died."""
    for request_id in ErasureRequest.objects.running().order_by("pk").values_list("pk", flat=True):
        erasures.carry_out(request_id, now)
