"""Where a customer came from, once known, is kept."""

from django.db import migrations

KEEP = """
CREATE OR REPLACE FUNCTION customers_keep_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('yardstick.correct_source', true), '') = 'on'
       OR coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Where customer % came from stays as it was first written down', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'customer_source_is_kept';
END $$;
DROP TRIGGER IF EXISTS customers_customer_source_is_kept ON customers_customer;
CREATE TRIGGER customers_customer_source_is_kept
    BEFORE UPDATE OF channel, campaign, first_contact_on ON customers_customer FOR EACH ROW
    WHEN ((OLD.channel <> '' AND NEW.channel IS DISTINCT FROM OLD.channel)
       OR (OLD.campaign <> '' AND NEW.campaign IS DISTINCT FROM OLD.campaign)
       OR (OLD.first_contact_on IS NOT NULL AND NEW.first_contact_on IS DISTINCT FROM OLD.first_contact_on))
    EXECUTE FUNCTION customers_keep_source();
"""

UNKEPT = """
DROP TRIGGER IF EXISTS customers_customer_source_is_kept ON customers_customer;
DROP FUNCTION IF EXISTS customers_keep_source();
"""

class Migration(migrations.Migration):
    dependencies = [("customers", "0004_sql_consent_append_only")]

    operations = [migrations.RunSQL(KEEP, UNKEPT)]
