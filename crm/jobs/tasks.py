from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.actions import attachments, bulk_runs, follows, idempotency, journal, reminders
from crm.actions import taking_back as _undoing  # noqa: F401 - says how workers take back
from crm.events import webhooks
from crm.jobs import custom_fields, mail, schedule  # noqa: F401 - registers tasks and the reading of mailboxes
from crm.models import small_tables


@shared_task(name="crm.minute_tick")
def minute_tick(**_: Any) -> None:
    now = timezone.now()
    for run in schedule.open_slots(now):
        run_job.delay(run_id=run.pk)


@shared_task(name="crm.run_job")
def run_job(*, run_id: int, **_: Any) -> bool:
    return schedule.run_slot(run_id, timezone.now())


@shared_task(name=bulk_runs.TASK)
def work_on_bulk_run(*, run_id: int, settled: int | None = None, **_: Any) -> None:
    bulk_runs.work(run_id, timezone.now, settled)


@schedule.periodic("take-up-bulk-runs", every="minute", label=_("Going on with bulk actions that were cut off"))
def take_up_bulk_runs(now: Any) -> None:
    bulk_runs.take_up_again()


@schedule.periodic("forget-old-slots", every="day", label=_("Clearing away old job runs"))
def forget_old_slots(now: Any) -> None:
    schedule.forget_old_slots(now)


@schedule.periodic("forget-idempotency-keys", every="hour", label=_("Clearing away answers kept for programs"))
def forget_old_keys(now: Any) -> None:
    idempotency.forget_old(now)


@schedule.periodic("forget-webhook-calls", every="day", label=_("Clearing away old webhook calls"))
def forget_old_calls(now: Any) -> None:
    webhooks.forget_old(now)


@schedule.periodic("forget-old-operations", every="day", label=_("Clearing away what can no longer be undone"))
def forget_old_operations(now: Any) -> None:
    bulk_runs.forget_old(now)
    journal.forget_old(now)


@schedule.periodic("clear-away-files", every="day", hour=3, label=_("Clearing away files that nobody uses"))
def clear_away_files(now: Any) -> None:
    attachments.clear_away(now)


@schedule.periodic("analyse-small-tables", every="day", hour=0, label=_("Telling the database about its small tables"))
def analyse_small_tables(now: Any) -> None:
    small_tables.analyse()


@schedule.periodic(follows.JOB, every="minute", label=_("Telling followers what changed"))
def tell_followers(now: Any) -> None:
    follows.tell(now)


@schedule.periodic("send-reminders", every="minute", label=_("Sending reminders"))
def send_reminders(now: Any) -> None:
    reminders.send_due(now)
