"""Costs, and how members of campaigns stood, are only ever added.

As with stage changes, a row goes only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`).
The bin is no change of what a row says; nothing puts a cost there.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION sales_campaign_rows_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bin CONSTANT text[] := ARRAY['deleted_at', 'updated_at', 'version'];
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - bin = to_jsonb(OLD) - bin THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Rows of % are only ever added; % of number % was refused.', TG_TABLE_NAME, lower(TG_OP), OLD.id
        USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER IF EXISTS cost_append_only ON sales_cost;
CREATE TRIGGER cost_append_only BEFORE UPDATE OR DELETE ON sales_cost
    FOR EACH ROW EXECUTE FUNCTION sales_campaign_rows_only_grow();
DROP TRIGGER IF EXISTS campaign_member_change_append_only ON sales_campaignmemberchange;
CREATE TRIGGER campaign_member_change_append_only BEFORE UPDATE OR DELETE ON sales_campaignmemberchange
    FOR EACH ROW EXECUTE FUNCTION sales_campaign_rows_only_grow();
"""
BACKWARD = """
DROP TRIGGER IF EXISTS cost_append_only ON sales_cost;
DROP TRIGGER IF EXISTS campaign_member_change_append_only ON sales_campaignmemberchange;
DROP FUNCTION IF EXISTS sales_campaign_rows_only_grow();
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0006_sql_quotes")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
