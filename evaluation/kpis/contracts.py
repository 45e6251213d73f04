"""How contracts are kept: by due date, by customer, and by what they bring in. All from the movements of contracts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import NO_RATE, alive, channel_of, not_in_bin, rate_on

# So long after its last day a contract can still be renewed. Part of the definition, and what the nightly job waits.
GRACE = timedelta(days=30)

STARTS = "(period.starts AT TIME ZONE period.zone)"
INSTANT = "(period.instant AT TIME ZONE period.zone)"
SEEN = "(period.seen AT TIME ZONE period.zone)"
KNOWN = "(CASE WHEN period.known = 'infinity' THEN 'infinity' ELSE period.known AT TIME ZONE period.zone END)"


def in_force(movement: str) -> str:
    """Neither taken back nor taking something back."""
    return f"""{movement}.corrects_id IS NULL AND NOT EXISTS (
            SELECT FROM sales_contractmovement AS correction WHERE correction.corrects_id = {movement}.id)"""


def holder(customer: str, moment: str) -> str:
    """Whose the customer was at a moment, where that is written down."""
    return f"""LEFT JOIN LATERAL (
            SELECT standing.owner_id, standing.team_id, TRUE AS is_known FROM customers_standing AS standing
            WHERE standing.customer_id = {customer} AND standing.since <= {moment}
            ORDER BY standing.since DESC, standing.id DESC LIMIT 1) AS holder ON TRUE"""


def later_than(one: str, other: str) -> str:
    """In the order of what moved a contract; two of one day as they were written."""
    return f"({one}.counts_from, {one}.id) > ({other}.counts_from, {other}.id)"


# Who cancelled early and came back for the same last day has one term that ended: the one that ran until then.
_RAN_UNTIL_THEN = f"""NOT EXISTS (
                SELECT FROM sales_contractmovement AS again
                WHERE again.contract_id = term.contract_id AND again.until = term.until AND again.type = 'reactivation'
                    AND again.agreed_on < {KNOWN} AND {later_than("again", "term")} AND {in_force("again")})"""

# A contract runs while more began than ended. A correction turns the row it corrects round, so that both are nothing.
SIGN = """(CASE WHEN moved.type IN ('new', 'reactivation') THEN 1 WHEN moved.type = 'churn' THEN -1 ELSE 0 END
            * CASE WHEN moved.corrects_id IS NULL THEN 1 ELSE -1 END)"""

# Start and end are held against each other at one rate, that of the first day: a currency that moves is no growth.
# Every customer with a contract that ran as the period began, and those who came and left within it.
_CUSTOMERS = f"""(SELECT each.customer_id, bool_or(each.held_before > 0) AS was_customer,
            bool_or(each.held_after > 0) AS is_customer, max(each.left_on) AS left_on,
            sum(each.opening * each.rate) AS opening, sum(each.closing * each.rate) AS closing,
            bool_or(each.rate IS NULL AND each.opening > 0) AS in_other_currency,
            (array_agg(each.owner_id ORDER BY each.latest DESC NULLS LAST, each.id))[1] AS owner_id,
            (array_agg(each.team_id ORDER BY each.latest DESC NULLS LAST, each.id))[1] AS team_id
        FROM (SELECT contract.id, contract.customer_id, {rate_on("contract.currency", f"{STARTS}::date")} AS rate,
                coalesce(sum({SIGN}) FILTER (WHERE moved.counts_from < {STARTS}), 0) AS held_before,
                sum({SIGN}) AS held_after,
                coalesce(sum({SIGN}) FILTER (WHERE moved.counts_from >= {STARTS} AND moved.type <> 'churn'), 0)
                    AS began,
                coalesce(sum(moved.after - moved.before) FILTER (WHERE moved.counts_from < {STARTS}), 0) AS opening,
                sum(moved.after - moved.before) AS closing,
                max(moved.counts_from) FILTER (WHERE moved.type = 'churn' AND moved.counts_from >= {STARTS}) AS left_on,
                max(moved.id) AS latest,
                (array_agg(moved.owner_id ORDER BY moved.counts_from DESC, moved.id DESC))[1] AS owner_id,
                (array_agg(moved.team_id ORDER BY moved.counts_from DESC, moved.id DESC))[1] AS team_id
            FROM sales_contractmovement AS moved JOIN sales_contract AS contract ON contract.id = moved.contract_id
            WHERE moved.counts_from < {INSTANT} AND {alive("contract")} AND {not_in_bin("contract.customer_id")}
            GROUP BY contract.id) AS each
        GROUP BY each.customer_id
        HAVING bool_or(each.held_before > 0) OR (bool_or(each.began > 0) AND NOT bool_or(each.held_after > 0))) AS base
        {holder("base.customer_id", "period.starts")}"""

_AS_IT_BEGAN = {
    "person": "CASE WHEN holder.is_known THEN holder.owner_id ELSE base.owner_id END",
    "team": "CASE WHEN holder.is_known THEN holder.team_id ELSE base.team_id END",
    "channel": channel_of("base"),
    "customer": "base.customer_id",
}
_NAME = "(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = base.customer_id)"
_WHEN = """CASE WHEN base.left_on IS NULL THEN period.starts
            ELSE base.left_on::timestamp AT TIME ZONE period.zone END"""
_SHOWN = {
    "outcome": "CASE WHEN base.is_customer THEN 'kept' ELSE 'lost' END",
    "opening": "base.opening",
    "closing": "base.closing",
    "currency": "period.currency",
}

RENEWAL_RATE = Kpi(
    code="renewal_rate",
    version=2,
    name=_("Renewal rate"),
    meaning=_("Of the contracts whose term ended in the period, the share that was renewed."),
    formula=_(
        "Renewed at most 30 days late / contracts due in the period; left before the end counts as not renewed, unless"
        " they came back until the same last day"
    ),
    group="retention",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    matures_after=GRACE,
    guard="gross_revenue_retention",  # what is renewed for half the price is renewed too
    beside=("renewal_rate_by_value",),
    source=_("Movements of contracts"),
    facts=Facts(
        source=f"""sales_contractmovement AS term JOIN sales_contract AS contract ON contract.id = term.contract_id
            LEFT JOIN LATERAL (
                SELECT closing.* FROM sales_contractmovement AS closing
                WHERE closing.contract_id = term.contract_id AND closing.due = term.until
                    AND closing.type IN ('renewal', 'churn') AND closing.agreed_on < {KNOWN} AND {in_force("closing")}
                    AND {later_than("closing", "term")}
                ORDER BY closing.id LIMIT 1) AS outcome ON TRUE""",
        where=f"""term.until >= {STARTS} AND term.until < (period.ends AT TIME ZONE period.zone)
            AND term.until < {SEEN}::date AND term.type IN ('new', 'renewal', 'reactivation') AND {in_force("term")}
            AND (term.type <> 'reactivation' OR term.agreed_on < {KNOWN}) AND {_RAN_UNTIL_THEN}
            AND {alive("contract")} AND {not_in_bin("contract.customer_id")}""",
        kinds=("contract",),
        record="contract.id",
        label="contract.name",
        moment="term.until::timestamp AT TIME ZONE period.zone",
        numerator=f"coalesce(outcome.type = 'renewal' AND outcome.agreed_on <= term.until + {GRACE.days}, FALSE)::int",
        ripe=f"coalesce(outcome.type = 'renewal', FALSE) OR term.until + {GRACE.days} < {SEEN}::date",
        dimensions={
            "person": "CASE WHEN outcome.id IS NULL THEN contract.owner_id ELSE outcome.owner_id END",
            "team": "CASE WHEN outcome.id IS NULL THEN contract.team_id ELSE outcome.team_id END",
            "channel": channel_of("contract"),
            "product": "contract.product_id",
            "customer": "contract.customer_id",
        },
        shown={
            "due": "term.until",
            "outcome": "coalesce(outcome.type, 'open')",
            "automatic": "outcome.automatic",
            "monthly_value": "coalesce(outcome.before, contract.monthly_value)",
            "currency": "contract.currency",
        },
    ),
)

CHURN_RATE = Kpi(
    code="churn_rate",
    version=1,
    name=_("Churn rate"),
    meaning=_("Of the customers with a contract as the period began, the share that has none any more as it ends."),
    formula=_("Customers lost / customers with a running contract at the start; who came back within it is not lost"),
    group="retention",
    unit=Unit.RATIO,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="gross_revenue_retention",
    source=_("Movements of contracts"),
    facts=Facts(
        source=_CUSTOMERS,
        kinds=("customer",),
        record="base.customer_id",
        label=_NAME,
        moment=_WHEN,
        numerator="(NOT base.is_customer)::int",
        counted="base.was_customer",
        issue="CASE WHEN NOT base.was_customer THEN 'came_and_left' END",
        dimensions=_AS_IT_BEGAN,
        shown=_SHOWN,
    ),
    issues={"came_and_left": _("Customers who came and left within the period are told here only.")},
)


RETENTION_RATE = Kpi(
    code="retention_rate",
    version=1,
    name=_("Customer retention"),
    meaning=_("Of the customers with a contract as the period began, the share that still has one as it ends."),
    formula=_("Customers kept / customers with a running contract at the start; who came back within it is kept"),
    group="retention",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="gross_revenue_retention",
    on_dashboard=False,  # it is what the churn rate leaves
    source=_("Movements of contracts"),
    facts=replace(CHURN_RATE.facts, numerator="base.is_customer::int"),
    issues=CHURN_RATE.issues,
)

# Of a customer of the base: what was agreed on more in the period, a renewal's own price left aside.
EXPANSIONS = f"""FROM sales_contractmovement AS more
            JOIN sales_contract AS grown ON grown.id = more.contract_id
            WHERE grown.customer_id = base.customer_id AND {alive("grown")} AND more.type = 'expansion'
                AND more.counts_from >= {STARTS} AND more.counts_from < {INSTANT} AND {in_force("more")}
                AND NOT EXISTS (SELECT FROM sales_contractmovement AS term WHERE term.contract_id = more.contract_id
                    AND term.type = 'renewal' AND term.counts_from = more.counts_from AND {in_force("term")})"""

UPSELL_RATE = Kpi(
    code="upsell_rate",
    version=1,
    name=_("Up-sell rate"),
    meaning=_("Of the customers with a contract as the period began, the share that has agreed on more in it."),
    formula=_("Customers with an expansion / with a running contract at the start; a dearer renewal does not count"),
    group="value",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.RATIO,
    interval=Method.WILSON,
    minimum_n=30,
    guard="churn_rate",
    on_dashboard=False,
    source=_("Movements of contracts"),
    facts=replace(
        CHURN_RATE.facts,
        numerator=f"(EXISTS (SELECT {EXPANSIONS}))::int",
        counted="base.was_customer",
        issue="NULL::text",
        where="base.was_customer",
    ),
)


def retention(code: str, value: str, guard: str, direction: Direction = Direction.HIGHER, **words: Any) -> Kpi:
    """A share of the recurring revenue that there was as the period began, of the customers who brought it then."""
    return Kpi(
        code=code,
        version=2,
        group="retention",
        unit=Unit.RATIO,
        direction=direction,
        time=Time.EVENT,
        aggregation=Aggregation.WEIGHTED,
        guard=guard,
        source=_("Movements of contracts"),
        facts=Facts(
            source=_CUSTOMERS,
            where="base.was_customer",
            kinds=("customer",),
            record="base.customer_id",
            label=_NAME,
            moment=_WHEN,
            value=value,
            weight="base.opening",
            counted="coalesce(base.opening, 0) > 0",
            issue="CASE WHEN base.in_other_currency THEN 'other_currency' END",
            dimensions=_AS_IT_BEGAN,
            shown=_SHOWN,
        ),
        issues={"other_currency": NO_RATE},
        **words,
    )


GROSS_REVENUE_RETENTION = retention(
    "gross_revenue_retention",
    "least(base.closing, base.opening)",
    "churn_rate",
    name=_("Gross revenue retention"),
    meaning=_("Of the recurring revenue as the period began, the share that was kept, growth left aside."),
    formula=_("Value per month at the end, of each customer at most what it was / value per month at the start"),
)

NET_REVENUE_RETENTION = retention(
    "net_revenue_retention",
    "base.closing",
    "gross_revenue_retention",
    ends=(0.0, None),
    name=_("Net revenue retention"),
    meaning=_("What the customers of the start of the period bring in at its end, growth included."),
    formula=_("Value per month at the end / value per month at the start, of those who were customers at the start"),
)

REVENUE_CHURN = retention(
    "revenue_churn",
    "base.opening - least(base.closing, base.opening)",
    "churn_rate",
    Direction.LOWER,
    on_dashboard=False,  # it is what the gross revenue retention leaves
    name=_("Revenue churn"),
    meaning=_("Of the recurring revenue as the period began, the share that was lost, growth left aside."),
    formula=_("Value per month lost by customers who left or shrank / value per month at the start"),
)

KPIS = (
    RENEWAL_RATE,
    CHURN_RATE,
    RETENTION_RATE,
    UPSELL_RATE,
    REVENUE_CHURN,
    GROSS_REVENUE_RETENTION,
    NET_REVENUE_RETENTION,
)
