"""Recency, frequency and value of what each customer bought, as fifths of all customers that bought.

A purchase is a won opportunity, or an order that came of none: as revenue is counted. Those of one day are one. The
digit says how many fifths of the customers did worse: 1 for the lowest fifth, 5 for the highest. Who is equal gets the
same digit, counted from those who did strictly worse. Who never bought anything has none. Value counts each purchase
at the rate of its day; what has no rate then counts for recency and frequency only. What was refunded for a return is
taken from the value; that something was bought stays true.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.sales.models.currency_rate import rate_sql


class RfmScore(models.Model):
    """What a customer's three digits were computed from; written nightly for everyone."""

    customer = models.OneToOneField(Customer, models.CASCADE, related_name="+", primary_key=True)
    last_on = models.DateField(_("last purchase"))
    purchases = models.PositiveIntegerField(_("purchases"))  # days with one
    amount = models.DecimalField(_("bought for"), max_digits=20, decimal_places=2)
    recency = models.PositiveSmallIntegerField(_("recency"))
    frequency = models.PositiveSmallIntegerField(_("frequency"))
    value = models.PositiveSmallIntegerField(_("value"))
    computed_at = models.DateTimeField(_("computed"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recency__range=(1, 5), frequency__range=(1, 5), value__range=(1, 5)),
                name="rfm_digits_are_1_to_5",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recency}-{self.frequency}-{self.value}"


def _rate(table: str, at: str, priced: str = "") -> str:
    return rate_sql(f"{priced or table}.currency", f"({table}.{at} AT TIME ZONE %(zone)s)::date")


_COMPUTE = f"""
WITH bought AS (
    SELECT customer_id, (closed_at AT TIME ZONE %(zone)s)::date AS day,
        coalesce(amount * {_rate("sales_opportunity", "closed_at")}, 0) AS amount
    FROM sales_opportunity
    WHERE deleted_at IS NULL AND closed_at <= %(now)s
      AND stage_id IN (SELECT id FROM sales_stage WHERE outcome = 'won')
    UNION ALL
    SELECT customer_id, (ordered_at AT TIME ZONE %(zone)s)::date,
        coalesce(amount * {_rate("sales_order", "ordered_at")}, 0)
    FROM sales_order
    WHERE deleted_at IS NULL AND opportunity_id IS NULL AND ordered_at <= %(now)s
    UNION ALL
    SELECT purchase.customer_id, NULL, coalesce(-back.amount * {_rate("back", "returned_at", "purchase")}, 0)
    FROM sales_orderreturn AS back JOIN sales_order AS purchase ON purchase.id = back.order_id
    LEFT JOIN sales_opportunity AS source ON source.id = purchase.opportunity_id
    WHERE back.cancelled_at IS NULL AND purchase.deleted_at IS NULL AND back.returned_at <= %(now)s
      AND (source.id IS NULL OR source.deleted_at IS NULL AND source.closed_at <= %(now)s
          AND source.stage_id IN (SELECT id FROM sales_stage WHERE outcome = 'won'))
), known AS (
    SELECT bought.customer_id, max(day) AS last_on, count(DISTINCT day) AS purchases, sum(bought.amount) AS amount
    FROM bought JOIN customers_customer AS customer ON customer.id = bought.customer_id AND customer.deleted_at IS NULL
    GROUP BY bought.customer_id HAVING max(day) IS NOT NULL
), scored AS MATERIALIZED (
    SELECT customer_id, last_on, purchases, amount,
        1 + 5 * (rank() OVER (ORDER BY last_on) - 1) / count(*) OVER () AS recency,
        1 + 5 * (rank() OVER (ORDER BY purchases) - 1) / count(*) OVER () AS frequency,
        1 + 5 * (rank() OVER (ORDER BY amount) - 1) / count(*) OVER () AS value
    FROM known
), gone AS (
    DELETE FROM sales_rfmscore AS known
    WHERE NOT EXISTS (SELECT 1 FROM scored WHERE scored.customer_id = known.customer_id)
), written AS (
    INSERT INTO sales_rfmscore AS known
        (customer_id, last_on, purchases, amount, recency, frequency, value, computed_at)
    SELECT customer_id, last_on, purchases, amount, recency, frequency, value, %(now)s FROM scored
    ON CONFLICT (customer_id) DO UPDATE SET last_on = excluded.last_on, purchases = excluded.purchases,
        amount = excluded.amount, recency = excluded.recency, frequency = excluded.frequency, value = excluded.value,
        computed_at = excluded.computed_at
    WHERE (known.last_on, known.purchases, known.amount, known.recency, known.frequency, known.value)
        IS DISTINCT FROM (excluded.last_on, excluded.purchases, excluded.amount, excluded.recency, excluded.frequency,
            excluded.value)
)
UPDATE customers_customer AS customer SET rfm = found.rfm
FROM (
    SELECT each.id, (100 * scored.recency + 10 * scored.frequency + scored.value)::smallint AS rfm
    FROM customers_customer AS each LEFT JOIN scored ON scored.customer_id = each.id
    WHERE each.rfm IS NOT NULL OR scored.customer_id IS NOT NULL
) AS found
WHERE customer.id = found.id AND customer.rfm IS DISTINCT FROM found.rfm
"""


@transaction.atomic
def compute(now: datetime) -> int:
    """The digits of everyone, in one statement; returns how many customers got others. Again it changes nothing."""
    said: dict[str, Any] = {"now": now, "zone": settings.TIME_ZONE, "home": settings.CURRENCY}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_COMPUTE, said)
        return cursor.rowcount
