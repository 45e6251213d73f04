"""Tickets take the fields the administrator defines; the column costs nothing, its index is made beside running writes."""

import crm.models.custom_field
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("service", "0003_sql_customer_beside")]

    operations = [
        migrations.AddField(
            model_name="ticket",
            name="custom",
            field=crm.models.custom_field.CustomValuesField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                editable=False,
                verbose_name="custom fields",
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("custom", {}), _negated=True), fields=["custom"], name="ticket_custom"
            ),
        ),
    ]
