"""Stage changes are only ever added: a trigger refuses what no code should do.

A row may be removed only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`): when a whole
opportunity is purged, or an import is undone. Nothing may change a row. (TRUNCATE belongs to the table's owner and
to tests that empty the database.)
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION sales_stage_changes_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Stage changes are only ever added; % of number % was refused.', lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER IF EXISTS stage_change_append_only ON sales_stagechange;
CREATE TRIGGER stage_change_append_only BEFORE UPDATE OR DELETE ON sales_stagechange
    FOR EACH ROW EXECUTE FUNCTION sales_stage_changes_only_grow();
"""

BACKWARD = """
DROP TRIGGER IF EXISTS stage_change_append_only ON sales_stagechange;
DROP FUNCTION IF EXISTS sales_stage_changes_only_grow();
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
