"""What of sales is done by itself."""

from datetime import datetime

from crm.jobs import periodic
from customers.sales.actions import contract_renewals, quotes
from customers.sales.models import rfm


@periodic("contract-renewals", every="day", hour=3)
def renew_contracts(now: datetime) -> None:
    contract_renewals.run(now)


@periodic("quotes-expired", every="day", hour=1)
def expire_quotes(now: datetime) -> None:
    quotes.expire(now)


@periodic("rfm", every="day", hour=2)
def compute_rfm(now: datetime) -> None:
    rfm.compute(now)
