"""Returns of orders are only ever added, and never more than there was: triggers say so.

Of a return only its cancelling may be written, once; its words may be taken out (when a person is erased). A row goes
only where the transaction says so (`SET LOCAL yardstick.allow_purge = 'on'`). Both sums are checked while the order, or
its line, is locked: of two that come at once the second sees the first.
"""

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION sales_order_returns_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('yardstick.allow_purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'sales_orderreturn' THEN
        IF (NEW.id, NEW.number, NEW.order_id, NEW.returned_at, NEW.amount, NEW.reason_id, NEW.by_id, NEW.recorded_at)
                IS NOT DISTINCT FROM (OLD.id, OLD.number, OLD.order_id, OLD.returned_at, OLD.amount, OLD.reason_id,
                    OLD.by_id, OLD.recorded_at)
            AND (OLD.cancelled_at IS NULL OR (NEW.cancelled_at, NEW.cancelled_by_id)
                IS NOT DISTINCT FROM (OLD.cancelled_at, OLD.cancelled_by_id)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Returns are only ever added, and cancelled once; % of number % was refused.',
        lower(TG_OP), OLD.id USING ERRCODE = 'restrict_violation';
END
$$;
CREATE OR REPLACE FUNCTION sales_order_line_returned() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sold sales_orderline;
    back numeric;
    line bigint;
BEGIN
    IF TG_TABLE_NAME = 'sales_orderline' THEN line := NEW.id; ELSE line := NEW.line_id; END IF;
    SELECT * INTO sold FROM sales_orderline WHERE id = line FOR UPDATE;
    IF TG_TABLE_NAME <> 'sales_orderline' THEN
        IF NOT EXISTS (SELECT FROM sales_orderreturn AS made
                WHERE made.id = NEW.order_return_id AND made.order_id = sold.order_id) THEN
            RAISE EXCEPTION 'Line % is not of the order that is returned.', line
                USING ERRCODE = 'check_violation', CONSTRAINT = 'order_return_line_of_its_order';
        END IF;
    END IF;
    SELECT sum(part.quantity) INTO back FROM sales_orderreturnline AS part
        JOIN sales_orderreturn AS made ON made.id = part.order_return_id
        WHERE part.line_id = line AND made.cancelled_at IS NULL;
    IF back > sold.quantity THEN
        RAISE EXCEPTION 'Of line % there are %, and % would be returned.', line, sold.quantity, back
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_return_line_within_quantity';
    END IF;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION sales_order_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid numeric;
    back numeric;
    sale bigint;
BEGIN
    IF TG_TABLE_NAME = 'sales_order' THEN sale := NEW.id; ELSE sale := NEW.order_id; END IF;
    SELECT amount INTO paid FROM sales_order WHERE id = sale FOR UPDATE;
    SELECT sum(amount) INTO back FROM sales_orderreturn WHERE order_id = sale AND cancelled_at IS NULL;
    IF back > 0 AND back > paid THEN
        RAISE EXCEPTION 'Order % is about %, and % would be refunded.', sale, paid, back
            USING ERRCODE = 'check_violation', CONSTRAINT = 'order_return_within_amount';
    END IF;
    RETURN NULL;
END
$$;
"""

TRIGGERS = """
DROP TRIGGER IF EXISTS order_return_append_only ON sales_orderreturn;
CREATE TRIGGER order_return_append_only BEFORE UPDATE OR DELETE ON sales_orderreturn
    FOR EACH ROW EXECUTE FUNCTION sales_order_returns_only_grow();
DROP TRIGGER IF EXISTS order_return_line_append_only ON sales_orderreturnline;
CREATE TRIGGER order_return_line_append_only BEFORE UPDATE OR DELETE ON sales_orderreturnline
    FOR EACH ROW EXECUTE FUNCTION sales_order_returns_only_grow();
DROP TRIGGER IF EXISTS order_return_within_quantity ON sales_orderreturnline;
CREATE TRIGGER order_return_within_quantity AFTER INSERT ON sales_orderreturnline
    FOR EACH ROW EXECUTE FUNCTION sales_order_line_returned();
DROP TRIGGER IF EXISTS order_line_covers_returns ON sales_orderline;
CREATE TRIGGER order_line_covers_returns AFTER UPDATE OF quantity ON sales_orderline
    FOR EACH ROW WHEN (NEW.quantity < OLD.quantity) EXECUTE FUNCTION sales_order_line_returned();
DROP TRIGGER IF EXISTS order_return_within_amount ON sales_orderreturn;
CREATE TRIGGER order_return_within_amount AFTER INSERT ON sales_orderreturn
    FOR EACH ROW EXECUTE FUNCTION sales_order_refunded();
DROP TRIGGER IF EXISTS order_covers_refunds ON sales_order;
CREATE TRIGGER order_covers_refunds AFTER UPDATE OF amount ON sales_order
    FOR EACH ROW WHEN (NEW.amount < OLD.amount) EXECUTE FUNCTION sales_order_refunded();
"""

BACKWARD = """
DROP TRIGGER IF EXISTS order_covers_refunds ON sales_order;
DROP TRIGGER IF EXISTS order_return_within_amount ON sales_orderreturn;
DROP TRIGGER IF EXISTS order_line_covers_returns ON sales_orderline;
DROP TRIGGER IF EXISTS order_return_within_quantity ON sales_orderreturnline;
DROP TRIGGER IF EXISTS order_return_line_append_only ON sales_orderreturnline;
DROP TRIGGER IF EXISTS order_return_append_only ON sales_orderreturn;
DROP FUNCTION IF EXISTS sales_order_refunded();
DROP FUNCTION IF EXISTS sales_order_line_returned();
DROP FUNCTION IF EXISTS sales_order_returns_only_grow();
"""


class Migration(migrations.Migration):
    dependencies = [("sales", "0009_order_returns")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, BACKWARD)]
