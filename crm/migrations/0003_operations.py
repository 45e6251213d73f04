"""What one person did to many records at once, and how to take it back."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_sql_cache_and_import_rows")]

    operations = [
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("type", models.CharField(max_length=20, verbose_name="what")),
                ("subject_kind", models.CharField(max_length=40, verbose_name="kind of record")),
                ("message", models.CharField(max_length=300)),
                ("values", models.JSONField(blank=True, default=dict)),
                ("url", models.CharField(blank=True, max_length=300)),
                ("count", models.PositiveIntegerField(default=0, verbose_name="records")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="undone")),
                ("kept", models.JSONField(blank=True, default=list)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={
                "verbose_name": "operation",
                "verbose_name_plural": "operations",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="OperationPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=80)),
                ("ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="crm.operation"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["by", "-at", "-id"], name="operation_of_person"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(fields=["-at", "-id"], name="operation_newest"),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at", None), ("undone_by", None)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="operation_undone_by_somebody",
            ),
        ),
    ]
