"""Whose a customer was is only ever added to; a purge says that it is one."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION customers_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER IF EXISTS customers_standing_append_only ON customers_standing;
CREATE TRIGGER customers_standing_append_only BEFORE UPDATE OR DELETE ON customers_standing
    FOR EACH ROW EXECUTE FUNCTION customers_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER IF EXISTS customers_standing_append_only ON customers_standing;
DROP FUNCTION IF EXISTS customers_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
