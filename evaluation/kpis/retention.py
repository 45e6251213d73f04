"""How customers are kept."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import channel_of, not_in_bin, purchase_label, purchases
from evaluation.kpis.running import WINDOW_DAYS, active, beginnings, running

ACTIVE_CUSTOMERS = Kpi(
    code="active_customers",
    version=2,  # 2: whoever has a running contract is active, too
    name=_("Active customers"),
    meaning=_("Customers with a running contract, or who bought something within the last 365 days."),
    formula=_(
        "Number of customers with a contract that runs at the end of the period, or with a won opportunity or an order"
        " in the 365 days before it"
    ),
    group="retention",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    looks_back=True,
    aggregation=Aggregation.COUNT,
    guard="new_customers",
    source=_("Won opportunities, orders, and movements of contracts"),
    facts=Facts(
        source=active("period.instant", "latest"),
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

# Of each customer what began first in the period, after a time in which nothing ran and nothing was bought.
WON_BACK_CUSTOMERS = Kpi(
    code="won_back_customers",
    version=1,
    name=_("Customers won back"),
    meaning=_("Customers who bought, or signed a contract, again in the period after they had no longer been active."),
    formula=_(
        "Number of customers with a purchase or a contract that began in the period, and another earlier, but no"
        " running contract and no purchase in the 365 days before it"
    ),
    group="retention",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.COUNT,
    interval=Method.POISSON,
    guard="new_customers",
    on_dashboard=False,
    source=ACTIVE_CUSTOMERS.source,
    facts=Facts(
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({beginnings("period.starts", "period.ends")}) AS bought WHERE bought.customer_id IS NOT NULL
            ORDER BY bought.customer_id, bought.at, bought.kind, bought.id) AS back""",
        where=f"""{not_in_bin("back.customer_id")}
            AND EXISTS ({beginnings("'-infinity'::timestamptz", "period.starts", "back.customer_id")})
            AND NOT EXISTS ({purchases(f"back.at - interval '{WINDOW_DAYS} days'", "back.at", "back.customer_id")})
            AND NOT EXISTS ({running("back.at", "back.customer_id")})""",
        kinds=("customer",),
        record="back.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = back.customer_id)",
        moment="back.at",
        dimensions={
            "person": "back.owner_id",
            "team": "back.team_id",
            "channel": channel_of("back"),
            "product": "back.product_id",
        },
        shown={"bought_again": purchase_label("back")},
        idle_product=True,
    ),
)

KPIS = (ACTIVE_CUSTOMERS, WON_BACK_CUSTOMERS)
