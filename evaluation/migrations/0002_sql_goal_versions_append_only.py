"""What was agreed stays agreed: a trigger refuses to change or remove a version of a goal.

A version may be removed only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`).
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION evaluation_goal_versions_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Versions of goals are only ever added; % of number % was refused.', lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER IF EXISTS goal_version_append_only ON evaluation_goalversion;
CREATE TRIGGER goal_version_append_only BEFORE UPDATE OR DELETE ON evaluation_goalversion
    FOR EACH ROW EXECUTE FUNCTION evaluation_goal_versions_only_grow();
"""

BACKWARD = """
DROP TRIGGER IF EXISTS goal_version_append_only ON evaluation_goalversion;
DROP FUNCTION IF EXISTS evaluation_goal_versions_only_grow();
"""


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
