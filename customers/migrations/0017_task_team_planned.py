"""A month of the calendar is read from an index alone; made beside running writes."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0016_sql_duplicates_beside")]

    operations = [
        AddIndexConcurrently(
            model_name="task",
            index=models.Index(
                fields=["team", "due_at", "id"],
                include=["starts_at", "all_day"],
                name="task_team_planned",
                condition=Q(deleted_at=None, done_at=None),
            ),
        ),
        RemoveIndexConcurrently(model_name="task", name="task_team_open"),
    ]
