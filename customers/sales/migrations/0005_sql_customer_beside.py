"""The owner and team of the customer beside what is about it: crm/access/beside.py."""

from django.db import migrations

from crm.access.beside import Kept, operations

KEPT = [
    Kept("sales_opportunity", "customer", "customers_customer", "stage_id, rank, id"),
    Kept("sales_order", "customer", "customers_customer", "ordered_at DESC, id DESC"),
    Kept("sales_lead", "customer", "customers_customer", "updated_at DESC, id DESC"),
]


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [
        ("sales", "0004_sql_forecasts_append_only"),
        ("customers", "0001_initial"),
    ]

    operations = [*operations(*KEPT)]
