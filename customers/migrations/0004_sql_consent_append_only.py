"""What somebody allowed, and when they took it back, is only ever added to; a purge says that it is one."""

from django.db import migrations

FORWARDS = """
DROP TRIGGER IF EXISTS customers_consent_append_only ON customers_consent;
CREATE TRIGGER customers_consent_append_only BEFORE UPDATE OR DELETE ON customers_consent
    FOR EACH ROW EXECUTE FUNCTION customers_refuse_change();
"""

BACKWARDS = "DROP TRIGGER IF EXISTS customers_consent_append_only ON customers_consent;"


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_sql_customer_beside")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
