"""Who claimed a customer and who gave it away is only ever added to; a purge says that it is one."""

from django.db import migrations

FORWARDS = """
DROP TRIGGER IF EXISTS customers_poolmove_append_only ON customers_poolmove;
CREATE TRIGGER customers_poolmove_append_only BEFORE UPDATE OR DELETE ON customers_poolmove
    FOR EACH ROW EXECUTE FUNCTION customers_refuse_change();
"""

BACKWARDS = "DROP TRIGGER IF EXISTS customers_poolmove_append_only ON customers_poolmove;"


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_sql_lifecycle")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
