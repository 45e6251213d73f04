"""Movements of contracts are only ever added, and contracts carry their customer's owner and team.

As with stage changes, a row goes only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`). The
columns beside: crm/access/beside.py.
"""

from django.db import migrations

from crm.access.beside import Kept, operations

FORWARD = """
CREATE OR REPLACE FUNCTION sales_contract_movements_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Movements of contracts are only ever added; % of number % was refused.', lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER IF EXISTS contract_movement_append_only ON sales_contractmovement;
CREATE TRIGGER contract_movement_append_only BEFORE UPDATE OR DELETE ON sales_contractmovement
    FOR EACH ROW EXECUTE FUNCTION sales_contract_movements_only_grow();
"""
BACKWARD = """
DROP TRIGGER IF EXISTS contract_movement_append_only ON sales_contractmovement;
DROP FUNCTION IF EXISTS sales_contract_movements_only_grow();
"""


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("sales", "0004_sql_customer_beside"), ("customers", "0001_initial")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        *operations(Kept("sales_contract", "customer", "customers_customer")),
    ]
