from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while a large table gets its index

    dependencies = [("customers", "0014_pool_rule_since")]

    operations = [
        AddIndexConcurrently(
            "customer",
            models.Index(
                fields=["-updated_at", "-id"],
                name="customer_pool",
                condition=models.Q(deleted_at=None, owner=None),
            ),
        ),
    ]
