"""The scores of those at risk in their order, for Today; made beside running writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("evaluation", "0008_reviews_of_a_segment")]

    operations = [
        AddIndexConcurrently(
            model_name="healthscore",
            index=models.Index(condition=models.Q(("band", "red")), fields=["score", "customer"], name="health_at_risk"),
        ),
    ]
