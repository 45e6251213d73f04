"""Mailboxes are looked at every minute, the one that has waited longest first."""

from __future__ import annotations

import time
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from crm.actions import mail_receiving
from crm.jobs.schedule import periodic
from crm.models import MailAccount

LONGEST_RUN = 50.0  # seconds; who was not reached is first the next time


@periodic("receive-mail", every="minute", label=_("Reading mailboxes"))
def receive_mail(now: datetime) -> None:
    end = time.monotonic() + LONGEST_RUN
    due = MailAccount.objects.due_for_reading(now).order_by(F("read_at").asc(nulls_first=True), "pk")
    for account in due.select_related("owner"):
        if time.monotonic() > end:
            return
        mail_receiving.receive(account, now)
