from datetime import datetime

from django.utils.translation import gettext_lazy as _

from crm.jobs import periodic
from service.actions import breaches


@periodic("ticket-breaches", every="minute", label=_("Missed deadlines of tickets"))
def mark_breaches(now: datetime) -> None:
    breaches.mark_due(now)
