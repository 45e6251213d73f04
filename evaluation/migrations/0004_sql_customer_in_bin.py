"""The few customers in the bin, so that numbers about customers need not look each one up."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0003_sql_frozen_reviews_append_only"), ("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS customer_in_bin ON customers_customer (id) WHERE deleted_at IS NOT NULL",
            "DROP INDEX IF EXISTS customer_in_bin",
        )
    ]
