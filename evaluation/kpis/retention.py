"""How customers are kept."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import channel_of, not_in_bin, purchase_label, purchases

# Part of the definition: another number of days is another version.
WINDOW_DAYS = 365

ACTIVE_CUSTOMERS = Kpi(
    code="active_customers",
    version=1,
    name=_("Active customers"),
    meaning=_("Customers who bought something within the last 365 days."),
    formula=_("Number of customers with a won opportunity or an order in the 365 days before the end of the period"),
    group="retention",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    looks_back=True,
    aggregation=Aggregation.COUNT,
    guard="new_customers",
    source=_("Won opportunities and orders"),
    facts=Facts(
        # Credited to whoever made the latest sale, so that parts add up to the whole.
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({purchases(f"period.instant - interval '{WINDOW_DAYS} days'", "period.instant")}) AS bought
            WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at DESC, bought.kind, bought.id DESC) AS latest""",
        where=not_in_bin("latest.customer_id"),
        kinds=("customer",),
        record="latest.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = latest.customer_id)",
        moment="latest.at",
        dimensions={
            "person": "latest.owner_id",
            "team": "latest.team_id",
            "channel": channel_of("latest"),
            "product": "latest.product_id",
        },
        shown={"latest_purchase": purchase_label("latest"), "amount": "latest.amount", "currency": "latest.currency"},
        idle_product=True,
    ),
)

KPIS = (ACTIVE_CUSTOMERS,)
