"""Records are found by their tags; made without stopping a writer."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0008_contact_points_consent_tags")]

    operations = [
        AddIndexConcurrently(
            model,
            GinIndex(condition=models.Q(("deleted_at", None)), fields=["tags"], name=f"{model}_tags"),
        )
        for model in ("customer", "contact")
    ]
