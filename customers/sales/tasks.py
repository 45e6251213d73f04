"""What of sales is done by itself."""

import time
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.advisory_lock import AdvisoryLock
from crm.jobs import periodic
from customers.sales.actions import (
    contract_renewals,
    lead_confirmations,
    lead_sources,
    mailing_sending,
    quotes,
    received_leads,
)
from customers.sales.models import lead_score, rfm, win_learning

LONGEST_RUN = 50.0  # seconds; the next minute goes on


@periodic("contract-renewals", every="day", hour=3, label=_("Contract renewals"))
def renew_contracts(now: datetime) -> None:
    contract_renewals.run(now)


@periodic("quotes-expired", every="day", hour=1, label=_("Quotes that run out"))
def expire_quotes(now: datetime) -> None:
    quotes.expire(now)


@periodic("rfm", every="day", hour=2, label=_("Recency, frequency and value of customers"))
def compute_rfm(now: datetime) -> None:
    rfm.compute(now)


@periodic("win-probability", every="day", hour=2, label=_("Learning win probabilities"))
def learn_from_history(now: datetime) -> None:
    win_learning.compute(now)


@periodic("score-leads", every="day", hour=2, label=_("Scoring leads"))
def score_leads(now: datetime) -> None:
    """A day has passed, and with it what rules ask of the age."""
    lead_score.compute(now)


@periodic("send-lead-confirmations", every="minute", label=_("Asking leads to confirm by mail"))
def send_lead_confirmations(now: datetime) -> None:
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and lead_confirmations.send_next(now):
        pass


@periodic("forget-lead-confirmations", every="day", hour=2, label=_("Clearing away leads that nobody confirmed"))
def forget_lead_confirmations(now: datetime) -> None:
    lead_confirmations.forget(now)


@shared_task(name="sales.send_mailings")
def send_mailings_now(**_: Any) -> int:
    """What this minute may take; two at once would send more than that."""
    sent, end = 0, time.monotonic() + LONGEST_RUN
    with AdvisoryLock("mailings") as mine:
        if not mine:
            return 0
        mailing_sending.give_up_claims(timezone.now())
        while time.monotonic() < end and mailing_sending.send_next(timezone.now()):
            sent += 1
        mailing_sending.finish(timezone.now())
    return sent


@periodic("send-mailings", every="minute", label=_("Sending mailings"))
def send_mailings(now: datetime) -> None:
    send_mailings_now()


@shared_task(name="sales.fetch_leads")
def fetch_leads_now(**_: Any) -> None:
    """What other sites have for us; one that is at it already is enough, as a source says when it is due."""
    with AdvisoryLock("fetch-leads") as mine:
        if mine:
            now, begun = timezone.now(), time.monotonic()
            lead_sources.fetch_due(now, begun + LONGEST_RUN / 2)  # what is there already shall not wait for the rest
            received_leads.make_waiting(now, begun + LONGEST_RUN)


@periodic("fetch-leads", every="minute", label=_("Fetching leads of ads"))
def fetch_leads(now: datetime) -> None:
    fetch_leads_now()


@periodic("forget-fetched-leads", every="day", hour=2, label=_("Clearing away what was fetched of ads"))
def forget_fetched_leads(now: datetime) -> None:
    received_leads.forget(now)
