"""Reasons for leaving belong to customers from now on (customers.0012); their table stays what it is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0012_lifecycle"), ("sales", "0012_sql_quotes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "contract",
                    "churn_reason",
                    models.ForeignKey(
                        blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="customers.churnreason", verbose_name="why it ended",
                    ),
                ),
                migrations.AlterField(
                    "contractmovement",
                    "churn_reason",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="customers.churnreason",
                    ),
                ),
                migrations.DeleteModel("ChurnReason"),
            ]
        )
    ]  # fmt: skip
