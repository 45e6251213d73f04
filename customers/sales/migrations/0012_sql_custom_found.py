import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def found(name: str) -> django.contrib.postgres.indexes.GinIndex:
    return django.contrib.postgres.indexes.GinIndex(
        condition=models.Q(("custom", {}), _negated=True), fields=["custom"], name=name
    )


class Migration(migrations.Migration):
    """Beside the work of others: nobody who writes waits for it."""

    atomic = False
    dependencies = [("sales", "0011_custom_fields")]

    operations = [
        AddIndexConcurrently("lead", found("lead_custom")),
        AddIndexConcurrently("opportunity", found("opportunity_custom")),
    ]
