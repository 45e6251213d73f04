"""What of sales is done by itself."""

from datetime import datetime

from crm.jobs import periodic
from customers.sales.actions import contract_renewals, quotes


@periodic("contract-renewals", every="day", hour=3)
def renew_contracts(now: datetime) -> None:
    contract_renewals.run(now)


@periodic("quotes-expired", every="day", hour=1)
def expire_quotes(now: datetime) -> None:
    quotes.expire(now)
