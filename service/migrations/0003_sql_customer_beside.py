"""The owner and team of the customer beside what is about it: crm/access/beside.py."""

from django.db import migrations

from crm.access.beside import Kept, operations

KEPT = [
    Kept("service_ticket", "customer", "customers_customer"),
]


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("service", "0002_sql_append_only"), ("customers", "0001_initial")]

    operations = [*operations(*KEPT)]
