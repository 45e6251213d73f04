"""Who leaves, of those who could: whoever is bound by a term cannot leave before it ends."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.contracts import GRACE, KNOWN, SEEN, SIGN, STARTS, holder, in_force
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import alive, channel_of, not_in_bin

# What a contract moved to by the end of the days of grace: whoever runs on, or came back, is no loss.
_STILL_RUNS = f"""EXISTS (SELECT FROM sales_contractmovement AS moved
                JOIN sales_contract AS contract ON contract.id = moved.contract_id
                WHERE contract.customer_id = due.customer_id AND moved.counts_from <= due.until + {GRACE.days}
                    AND moved.agreed_on < {KNOWN} AND {alive("contract")}
                GROUP BY moved.contract_id HAVING sum({SIGN}) > 0)"""

AT_RISK_CHURN_RATE = Kpi(
    code="at_risk_churn_rate",
    version=1,
    name=_("Churn among those who could leave"),
    meaning=_("Of the customers with a contract whose term ended in the period, the share that is lost."),
    formula=_(
        "Customers without a running contract 30 days after their last term of the period / customers with a term that"
        " ended in it"
    ),
    group="retention",
    unit=Unit.RATIO,
    direction=Direction.LOWER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=GRACE,
    guard="gross_revenue_retention",
    on_dashboard=False,
    source=_("Movements of contracts; who has no term that ends is no part of it"),
    facts=Facts(
        source=f"""(SELECT due.*, {_STILL_RUNS} AS is_customer FROM (
                SELECT DISTINCT ON (contract.customer_id) contract.customer_id, term.until, term.owner_id, term.team_id
                FROM sales_contractmovement AS term JOIN sales_contract AS contract ON contract.id = term.contract_id
                WHERE term.until >= {STARTS} AND term.until < (period.ends AT TIME ZONE period.zone)
                    AND term.until < {SEEN}::date AND term.type IN ('new', 'renewal', 'reactivation')
                    AND {in_force("term")} AND {alive("contract")}
                ORDER BY contract.customer_id, term.until DESC, term.id DESC) AS due) AS base
            {holder("base.customer_id", "(base.until::timestamp AT TIME ZONE period.zone)")}""",
        where=not_in_bin("base.customer_id"),
        kinds=("customer",),
        record="base.customer_id",
        label="(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = base.customer_id)",
        moment="base.until::timestamp AT TIME ZONE period.zone",
        numerator="(NOT base.is_customer)::int",
        ripe=f"base.until + {GRACE.days} < {SEEN}::date",
        dimensions={
            "person": "CASE WHEN holder.is_known THEN holder.owner_id ELSE base.owner_id END",
            "team": "CASE WHEN holder.is_known THEN holder.team_id ELSE base.team_id END",
            "channel": channel_of("base"),
            "customer": "base.customer_id",
        },
        shown={"due": "base.until", "outcome": "CASE WHEN base.is_customer THEN 'kept' ELSE 'lost' END"},
    ),
)

KPIS = (AT_RISK_CHURN_RATE,)
