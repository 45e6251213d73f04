"""Splits of credit are only ever added, and revenue adds up to 100 % in each of them: triggers say so.

Shares are added up when the transaction ends, so that they may come one by one. Rows may be removed only where the
transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`): when a whole opportunity is purged.
"""

from django.db import migrations

TABLES = ("sales_creditsplit", "sales_creditshare")

FUNCTIONS = """
CREATE OR REPLACE FUNCTION sales_credit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Splits of credit are only ever added; % of number % was refused.', lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE OR REPLACE FUNCTION sales_credit_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    total numeric;
BEGIN
    SELECT sum(part.share) INTO total FROM sales_creditshare AS part
        JOIN sales_creditsplit AS split ON split.id = part.split_id
        WHERE part.split_id = NEW.split_id AND split.kind = 'revenue';
    IF total <> 1 THEN
        RAISE EXCEPTION 'The shares of split % add up to %, not to 1.', NEW.split_id, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_share_adds_up';
    END IF;
    RETURN NULL;
END
$$;
"""

TRIGGERS = """
DROP TRIGGER IF EXISTS credit_append_only ON {table};
CREATE TRIGGER credit_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION sales_credit_only_grows();
"""

SUMS = """
DROP TRIGGER IF EXISTS credit_share_adds_up ON sales_creditshare;
CREATE CONSTRAINT TRIGGER credit_share_adds_up AFTER INSERT ON sales_creditshare
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales_credit_adds_up();
"""

FORWARD = FUNCTIONS + "".join(TRIGGERS.format(table=table) for table in TABLES) + SUMS
BACKWARD = (
    "".join(f"DROP TRIGGER IF EXISTS credit_append_only ON {table};" for table in TABLES)
    + "DROP TRIGGER IF EXISTS credit_share_adds_up ON sales_creditshare;"
    + "DROP FUNCTION IF EXISTS sales_credit_only_grows(); DROP FUNCTION IF EXISTS sales_credit_adds_up();"
)


class Migration(migrations.Migration):
    dependencies = [("sales", "0007_sql_campaigns")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
