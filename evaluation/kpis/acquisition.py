"""How customers are won."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import channel_of, not_in_bin, purchase_label, purchases

NEW_CUSTOMERS = Kpi(
    code="new_customers",
    version=1,
    name=_("New customers"),
    meaning=_("Customers whose first purchase ever lies in the period."),
    formula=_("Number of customers whose earliest won opportunity or order lies in the period"),
    group="acquisition",
    unit=Unit.COUNT,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.COUNT,
    interval=Method.POISSON,
    guard="revenue",
    source=_("Won opportunities and orders; defined after Farris et al., Marketing Metrics"),
    facts=Facts(
        source=f"""(SELECT DISTINCT ON (bought.customer_id) bought.*
            FROM ({purchases("period.starts", "period.ends")}) AS bought
            ORDER BY bought.customer_id, bought.at, bought.kind, bought.id) AS first""",
        where=f"""{not_in_bin("first.customer_id")} AND NOT EXISTS (
            {purchases("'-infinity'::timestamptz", "period.starts", "first.customer_id")})""",
        kinds=("customer", "opportunity", "order"),
        kind="CASE WHEN first.customer_id IS NULL THEN first.kind ELSE 'customer' END",
        record="coalesce(first.customer_id, first.id)",
        label=f"""coalesce((SELECT customer.name FROM customers_customer AS customer
            WHERE customer.id = first.customer_id), {purchase_label("first")})""",
        moment="first.at",
        counted="first.customer_id IS NOT NULL",
        issue="CASE WHEN first.customer_id IS NULL THEN 'missing_customer' END",
        dimensions={
            "person": "first.owner_id",
            "team": "first.team_id",
            "channel": channel_of("first"),
            "product": "first.product_id",
        },
        shown={"first_purchase": purchase_label("first"), "amount": "first.amount", "currency": "first.currency"},
    ),
    issues={"missing_customer": _("Purchases without a customer cannot be counted.")},
)

KPIS = (NEW_CUSTOMERS,)
