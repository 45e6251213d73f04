"""What of sales is done by itself."""

from datetime import datetime

from crm.jobs import periodic
from customers.sales.actions import contract_renewals


@periodic("contract-renewals", every="day", hour=3)
def renew_contracts(now: datetime) -> None:
    contract_renewals.run(now)
