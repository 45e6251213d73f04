import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sales", "0012_sql_custom_found")]

    operations = [
        migrations.AddField(
            "opportunity",
            "tags",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                db_default=[],
                default=list,
                editable=False,
                size=None,
                verbose_name="tags",
            ),
        ),
        migrations.AddIndex(
            "opportunity",
            django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("deleted_at", None)), fields=["tags"], name="opportunity_tags"
            ),
        ),
    ]
