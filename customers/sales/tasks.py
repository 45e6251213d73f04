"""What of sales is done by itself."""

import time
from datetime import datetime

from crm.jobs import periodic
from customers.sales.actions import contract_renewals, lead_confirmations, quotes
from customers.sales.models import lead_score, rfm

LONGEST_RUN = 50.0  # seconds; the next minute goes on


@periodic("contract-renewals", every="day", hour=3)
def renew_contracts(now: datetime) -> None:
    contract_renewals.run(now)


@periodic("quotes-expired", every="day", hour=1)
def expire_quotes(now: datetime) -> None:
    quotes.expire(now)


@periodic("rfm", every="day", hour=2)
def compute_rfm(now: datetime) -> None:
    rfm.compute(now)


@periodic("score-leads", every="day", hour=2)
def score_leads(now: datetime) -> None:
    """A day has passed, and with it what rules ask of the age."""
    lead_score.compute(now)


@periodic("send-lead-confirmations", every="minute")
def send_lead_confirmations(now: datetime) -> None:
    end = time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and lead_confirmations.send_next(now):
        pass


@periodic("forget-lead-confirmations", every="day", hour=2)
def forget_lead_confirmations(now: datetime) -> None:
    lead_confirmations.forget(now)
