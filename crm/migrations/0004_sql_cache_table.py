from django.db import migrations


class Migration(migrations.Migration):
    """The cache of an installation without Redis; with Redis it stays empty."""

    dependencies = [("crm", "0003_search_lexemes")]

    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS crm_cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS crm_cache_expires ON crm_cache (expires);
            """,
            "DROP TABLE IF EXISTS crm_cache",
        )
    ]
