"""What a review was based on stays, but for the words of a person who is erased: the digest remains that of what was
frozen, and so does which record it was."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION evaluation_frozen_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'evaluation_frozenrecord'
        AND coalesce(current_setting('yardstick.erasing', true), '') = 'on' THEN
        IF (NEW.line_id, NEW.sequence, NEW.record_kind, NEW.record_id, NEW.digest)
            = (OLD.line_id, OLD.sequence, OLD.record_kind, OLD.record_id, OLD.digest)
            AND NEW.erased_at IS NOT NULL THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'What a review or plan was based on is only ever added to; % in % was refused.',
        lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
"""

# Backwards it stays: whoever goes back further drops the function with its triggers.


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0004_sql_customer_in_bin")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
