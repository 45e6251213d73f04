"""The owner and team of the customer beside what is about it: crm/access/beside.py."""

from django.db import migrations

from crm.access.beside import Kept, operations

KEPT = [
    Kept("customers_activity", "customer", "customers_customer"),
    Kept("customers_task", "customer", "customers_customer"),
    Kept("customers_customercontact", "customer", "customers_customer", also=", contact_id", where=""),
]


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("customers", "0002_sql_append_only")]

    operations = [*operations(*KEPT)]
