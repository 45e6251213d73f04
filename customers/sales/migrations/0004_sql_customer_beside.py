"""The owner and team of the customer beside what is about it: crm/access/beside.py."""

from django.db import migrations

from crm.access.beside import Kept, operations

KEPT = [
    Kept("sales_opportunity", "customer", "customers_customer", also=", stage_id"),
    Kept("sales_order", "customer", "customers_customer"),
    Kept("sales_lead", "customer", "customers_customer"),
]


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("sales", "0003_sql_forecasts_append_only"), ("customers", "0001_initial")]

    operations = [*operations(*KEPT)]
