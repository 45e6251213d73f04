"""The history of tickets is only ever added to, and tickets are numbered without gaps being reused."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION service_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
DROP TRIGGER IF EXISTS service_ticketevent_append_only ON service_ticketevent;
CREATE TRIGGER service_ticketevent_append_only BEFORE UPDATE OR DELETE ON service_ticketevent
    FOR EACH ROW EXECUTE FUNCTION service_refuse_change();
CREATE SEQUENCE IF NOT EXISTS service_ticket_number START 1001;
"""

BACKWARDS = """
DROP SEQUENCE IF EXISTS service_ticket_number;
DROP TRIGGER IF EXISTS service_ticketevent_append_only ON service_ticketevent;
DROP FUNCTION IF EXISTS service_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("service", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
