"""What a record is found by goes into the index at once.

By default PostgreSQL keeps new words in a list of 4 MB, and whoever's write fills it puts all of them into the index: one
or two seconds for somebody who moved a card. Every search reads the list as well. Without it a write takes as long as
before, and so does an import: as much goes into the index in the end.
"""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("crm", "0007_bulk_run_stopped")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex(model_name="searchdocument", name="search_words"),
                migrations.AddIndex(
                    model_name="searchdocument",
                    index=django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["words"], name="search_words"
                    ),
                ),
            ],
            # Not made anew: it changes how the index takes words in, and what waits goes in now.
            database_operations=[
                migrations.RunSQL(
                    "ALTER INDEX search_words SET (fastupdate = off)", "ALTER INDEX search_words RESET (fastupdate)"
                ),
                migrations.RunSQL("SELECT gin_clean_pending_list('search_words')", migrations.RunSQL.noop),
            ],
        )
    ]
