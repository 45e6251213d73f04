"""Sums of the board and of the forecast are read from indexes alone; made beside running writes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sales", "0020_asks_next_step")]

    operations = [
        AddIndexConcurrently(
            model_name="opportunity",
            index=models.Index(
                fields=["stage", "currency", "probability"],
                include=["amount"],
                name="opportunity_sums",
                condition=Q(deleted_at=None),
            ),
        ),
        AddIndexConcurrently(
            model_name="opportunity",
            index=models.Index(
                fields=["closed_at", "id"],
                include=["stage", "currency", "amount"],
                name="opportunity_by_closing",
                condition=Q(deleted_at=None) & Q(closed_at__isnull=False),
            ),
        ),
        RemoveIndexConcurrently(model_name="opportunity", name="opportunity_by_closed_at"),
        AddIndexConcurrently(
            model_name="opportunity",
            index=models.Index(
                fields=["team", "expected_close"],
                include=["owner", "stage", "currency", "amount", "forecast_category"],
                name="opportunity_team_open",
                condition=Q(deleted_at=None, closed_at=None),
            ),
        ),
        RemoveIndexConcurrently(model_name="opportunity", name="opportunity_team_expected"),
    ]
