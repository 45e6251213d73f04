"""The owner and team of both customers beside a pair of possible duplicates: crm/access/beside.py.

The customers are asked all the same, so that a scan needs to hold none of them; the columns leave few to ask.
"""

from django.db import migrations

from crm.access.beside import Kept, operations

OPEN = " WHERE dismissed_at IS NULL"
KEPT = [
    Kept("customers_duplicate", side, "customers_customer", where=OPEN, holds=False) for side in ("first", "second")
]


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("customers", "0015_pool_in_order")]

    operations = [*operations(*KEPT)]
