"""The sums above the columns of a board that is not everybody's, from an index alone; made beside running writes.

In SQL, because two of the four columns that say who sees an opportunity are kept by the database and unknown to the
model (crm/access/beside.py). Those of one width stand first: the others are read faster behind them.
"""

from django.db import migrations

MADE = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS opportunity_scoped_sums
ON sales_opportunity (stage_id, owner_id, team_id, customer_owner_id, customer_team_id)
INCLUDE (currency, probability, amount) WHERE deleted_at IS NULL
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("sales", "0021_opportunity_sums")]

    operations = [migrations.RunSQL(MADE, "DROP INDEX CONCURRENTLY IF EXISTS opportunity_scoped_sums")]
