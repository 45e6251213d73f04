"""The cache's table, and room in the pages of rows that are written twice."""

from django.db import migrations

# The cache of an installation without Redis; with Redis it stays empty.
CACHE = """
CREATE UNLOGGED TABLE IF NOT EXISTS crm_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS crm_cache_expires ON crm_cache (expires);
"""

# Each row of a file is written as it was read, and again with what became of it. Room in its page makes the second
# time cheap, for then no index has to be written again.
IMPORT_ROWS = "ALTER TABLE crm_importrow SET (fillfactor = 60)"


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        migrations.RunSQL(CACHE, "DROP TABLE IF EXISTS crm_cache"),
        migrations.RunSQL(IMPORT_ROWS, "ALTER TABLE crm_importrow RESET (fillfactor)"),
    ]
