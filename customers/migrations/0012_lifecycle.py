"""Why a customer left, that it came back, where it came from, who referred it, and its RFM.

Reasons for leaving were a table of sales and stay where they are; since customers leave too, the model is theirs.
"""

import django.db.models.deletion
from django.db import migrations, models

REASON = models.ForeignKey(
    blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
    to="customers.churnreason", verbose_name="why it left",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("customers", "0011_emails"), ("sales", "0006_contracts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ChurnReason",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                        ),
                        ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        (
                            "for_lapsed",
                            models.BooleanField(
                                default=False, editable=False, verbose_name="written where nobody renewed in time"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "churn reason",
                        "verbose_name_plural": "churn reasons",
                        "db_table": "sales_churnreason",
                        "ordering": ["name"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("for_lapsed", True)),
                                fields=("for_lapsed",),
                                name="churn_reason_for_lapsed_once",
                            )
                        ],
                    },
                )
            ]
        ),
        migrations.AddField("customer", "churn_reason", REASON),
        migrations.AddField(
            "standing",
            "churn_reason",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="customers.churnreason",
            ),
        ),
        migrations.AddField(
            "customer",
            "won_back_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="won back"),
        ),
        migrations.AddField(
            "customer",
            "campaign",
            models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="campaign"),
        ),
        migrations.AddField(
            "customer", "first_contact_on", models.DateField(blank=True, null=True, verbose_name="first contact")
        ),
        migrations.AddField(
            "customer",
            "referred_by",
            models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL,
                related_name="referred", to="customers.customer", verbose_name="referred by",
            ),
        ),
        migrations.AddField(
            "customer",
            "rfm",
            models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name="RFM"),
        ),
    ]  # fmt: skip
