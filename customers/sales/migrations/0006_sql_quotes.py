"""The lines of a quote stay as they were sent, and quotes carry their customer's owner and team.

A row goes only with its quote, where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`), as with stage
changes. The columns beside: crm/access/beside.py.
"""

from django.db import migrations

from crm.access.beside import Kept, operations

FORWARD = """
CREATE OR REPLACE FUNCTION sales_quote_lines_stay_as_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF EXISTS (
        SELECT 1 FROM sales_quote
        WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.quote_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.quote_id END)
          AND state <> 'draft'
    ) THEN
        RAISE EXCEPTION 'A quote that was sent keeps its lines; % was refused.', lower(TG_OP)
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
DROP TRIGGER IF EXISTS quote_line_stays_as_sent ON sales_quoteline;
CREATE TRIGGER quote_line_stays_as_sent BEFORE INSERT OR UPDATE OR DELETE ON sales_quoteline
    FOR EACH ROW EXECUTE FUNCTION sales_quote_lines_stay_as_sent();
"""
BACKWARD = """
DROP TRIGGER IF EXISTS quote_line_stays_as_sent ON sales_quoteline;
DROP FUNCTION IF EXISTS sales_quote_lines_stay_as_sent();
"""


class Migration(migrations.Migration):
    atomic = False  # indexes are made, and older rows filled, without stopping a writer

    dependencies = [("sales", "0005_sql_contracts"), ("customers", "0001_initial"), ("sales", "0005_sql_contracts"), ("service", "0002_sql_append_only")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        *operations(Kept("sales_quote", "customer", "customers_customer")),
    ]
