"""Who left before reasons were asked for left for one that says so; a source, once known, is kept.

Constraints are added unchecked and checked afterwards, so that no writer waits.
"""

import django.db.models
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

UNKNOWN = """
INSERT INTO sales_churnreason (name, is_active, for_lapsed)
SELECT 'Not written down', false, false
WHERE EXISTS (SELECT 1 FROM customers_customer WHERE lifecycle = 'churned' AND churn_reason_id IS NULL)
ON CONFLICT (name) DO NOTHING;
UPDATE customers_customer SET churn_reason_id = (SELECT id FROM sales_churnreason WHERE name = 'Not written down')
WHERE lifecycle = 'churned' AND churn_reason_id IS NULL;
"""

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

CHURNED = models.CheckConstraint(
    condition=models.Q(
        models.Q(("churn_reason__isnull", False), ("lifecycle", "churned")),
        models.Q(models.Q(("lifecycle", "churned"), _negated=True), ("churn_reason", None)),
        _connector="OR",
    ),
    name="customer_churned_has_a_reason",
    violation_error_message="Say why the customer left: only one that left has a reason.",
)
ITSELF = models.CheckConstraint(
    condition=models.Q(("pk", django.db.models.F("referred_by")), _negated=True),
    name="customer_is_not_referred_by_itself",
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("customers", "0012_lifecycle")]

    operations = [
        migrations.RunSQL(UNKNOWN, migrations.RunSQL.noop),
        AddConstraintNotValid("customer", CHURNED),
        AddConstraintNotValid("customer", ITSELF),
        ValidateConstraint("customer", "customer_churned_has_a_reason"),
        ValidateConstraint("customer", "customer_is_not_referred_by_itself"),
        AddIndexConcurrently(
            "customer",
            models.Index(
                condition=models.Q(("referred_by__isnull", False)), fields=["referred_by"], name="customer_referred"
            ),
        ),
        migrations.RunSQL(KEEP, UNKEPT),
    ]
