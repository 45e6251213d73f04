"""What was frozen, signed and measured stays: triggers refuse to change or remove any of it.

Nothing lifts this, not even a purge: erasing a person keeps what reviews were based on. (TRUNCATE belongs to the
table's owner and to tests that empty the database.)
"""

from django.db import migrations

TABLES = {
    "evaluation_frozenline": "frozen_line_append_only",
    "evaluation_frozenrecord": "frozen_record_append_only",
    "evaluation_signedreport": "signed_report_append_only",
    "evaluation_signature": "signature_append_only",
    "evaluation_effectmeasurement": "effect_append_only",
}

FUNCTION = """
CREATE OR REPLACE FUNCTION evaluation_frozen_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What a review or plan was based on is only ever added to; % in % was refused.',
        lower(TG_OP), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
"""

FORWARD = FUNCTION + "".join(
    f"""
DROP TRIGGER IF EXISTS {name} ON {table};
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION evaluation_frozen_only_grows();
"""
    for table, name in TABLES.items()
)

BACKWARD = (
    "".join(f"DROP TRIGGER IF EXISTS {name} ON {table};\n" for table, name in TABLES.items())
    + "DROP FUNCTION IF EXISTS evaluation_frozen_only_grows();"
)


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0002_sql_goal_versions_append_only")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
