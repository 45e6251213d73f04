"""What of customers is done by itself."""

from datetime import datetime

from django.db import transaction

from crm.jobs import periodic
from customers.models import duplicate


@periodic("find-duplicates", every="day", hour=1)
def find_duplicates(now: datetime) -> None:
    with transaction.atomic():
        duplicate.scan(now)
