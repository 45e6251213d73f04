from typing import Any

from celery import shared_task
from django.utils import timezone

from crm.actions import attachments, follows, idempotency, journal, reminders
from crm.events import webhooks
from crm.jobs import custom_fields, mail, schedule  # noqa: F401 - registers tasks and the reading of mailboxes


@shared_task(name="crm.minute_tick")
def minute_tick(**_: Any) -> None:
    now = timezone.now()
    for run in schedule.open_slots(now):
        run_job.delay(run_id=run.pk)


@shared_task(name="crm.run_job")
def run_job(*, run_id: int, **_: Any) -> bool:
    return schedule.run_slot(run_id, timezone.now())


@schedule.periodic("forget-old-slots", every="day")
def forget_old_slots(now: Any) -> None:
    schedule.forget_old_slots(now)


@schedule.periodic("forget-idempotency-keys", every="hour")
def forget_old_keys(now: Any) -> None:
    idempotency.forget_old(now)


@schedule.periodic("forget-webhook-calls", every="day")
def forget_old_calls(now: Any) -> None:
    webhooks.forget_old(now)


@schedule.periodic("forget-old-operations", every="day")
def forget_old_operations(now: Any) -> None:
    journal.forget_old(now)


@schedule.periodic("clear-away-files", every="day", hour=3)
def clear_away_files(now: Any) -> None:
    attachments.clear_away(now)


@schedule.periodic(follows.JOB, every="minute")
def tell_followers(now: Any) -> None:
    follows.tell(now)


@schedule.periodic("send-reminders", every="minute")
def send_reminders(now: Any) -> None:
    reminders.send_due(now)
