from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while a large table gets its indexes

    dependencies = [("customers", "0007_sql_erasing")]

    operations = [
        AddIndexConcurrently(
            "customer", models.Index(fields=["lifecycle"], name="customer_lifecycle", condition=models.Q(deleted_at=None))
        ),
        AddIndexConcurrently(
            "customer", models.Index(fields=["tier"], name="customer_tier", condition=models.Q(deleted_at=None))
        ),
    ]
