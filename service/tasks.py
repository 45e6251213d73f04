from datetime import datetime

from crm.jobs import periodic
from service.actions import breaches


@periodic("ticket-breaches", every="minute")
def mark_breaches(now: datetime) -> None:
    breaches.mark_due(now)
