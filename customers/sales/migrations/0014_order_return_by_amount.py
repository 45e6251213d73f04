"""What came back can be listed by what was paid back; made beside running writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sales", "0013_pipeline_locks_closed")]

    operations = [
        AddIndexConcurrently(
            model_name="orderreturn",
            index=models.Index(fields=["amount", "id"], name="order_return_by_amount"),
        ),
    ]
