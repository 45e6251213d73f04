"""An erasure takes a person's words out of histories that are otherwise only added to:
where a consent came from, why a contract moved, what happened to a ticket."""

from django.db import migrations

FORWARDS = """
CREATE OR REPLACE FUNCTION customers_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('yardstick.erasing', true), '') = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION sales_contract_movements_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('yardstick.erasing', true), '') = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Movements of contracts are only ever added; % of number % was refused.', lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION service_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('yardstick.allow_purge', true), '') = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND coalesce(current_setting('yardstick.erasing', true), '') = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

# Backwards it stays: whoever goes back further drops the function with its triggers.


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_sql_pool_append_only"), ("sales", "0005_sql_contracts"), ("service", "0002_sql_append_only")]

    operations = [migrations.RunSQL(FORWARDS, migrations.RunSQL.noop)]
