"""Forecasts, their figures and adjustments are only ever added; what is there already is put in its place.

As with stage changes, a row goes only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`).
Stages get the category that their probability suggests, opportunities the pushes that their history tells of.
"""

from django.db import migrations

TABLES = ["sales_forecastsubmission", "sales_forecastfigure", "sales_forecastadjustment"]

FUNCTION = """
CREATE OR REPLACE FUNCTION sales_forecasts_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'Forecasts are only ever added; % of number % in % was refused.',
        lower(TG_OP), OLD.id, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
"""
TRIGGER = """
DROP TRIGGER IF EXISTS forecast_append_only ON {table};
CREATE TRIGGER forecast_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION sales_forecasts_only_grow();
"""
FORWARD = FUNCTION + "".join(TRIGGER.format(table=table) for table in TABLES)
BACKWARD = (
    "".join(f"DROP TRIGGER IF EXISTS forecast_append_only ON {table};" for table in TABLES)
    + "DROP FUNCTION IF EXISTS sales_forecasts_only_grow();"
)

CATEGORIES = """
UPDATE sales_stage SET forecast_category = CASE WHEN probability >= 0.7 THEN 'commit' ELSE 'best_case' END
WHERE outcome = 'open' AND probability >= 0.4 AND forecast_category = 'pipeline'
"""
PUSHES = """
UPDATE sales_opportunity SET close_pushes = told.pushes
FROM (
    SELECT opportunity_id, count(*) AS pushes FROM (
        SELECT opportunity_id, expected_close, lag(expected_close) OVER earlier AS before
        FROM sales_stagechange WINDOW earlier AS (PARTITION BY opportunity_id ORDER BY at, id)) AS step
    WHERE date_trunc('month', expected_close) > date_trunc('month', before) GROUP BY opportunity_id) AS told
WHERE told.opportunity_id = sales_opportunity.id AND close_pushes = 0
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0002_sql_append_only")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunSQL(CATEGORIES, migrations.RunSQL.noop),
        migrations.RunSQL(PUSHES, migrations.RunSQL.noop),
    ]
