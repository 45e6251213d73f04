"""What a customer costs beside what one brings in: each side of the same customers, and of kinds that fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.formulas.unit_economics import Basis, Load, check_ratio
from evaluation.kpis.campaigns import ACQUIRING_ISSUES, NO_CUSTOMERS, PAID, acquiring
from evaluation.kpis.customer_value import MARGINS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import (
    CHANGES,
    MONEY_ISSUES,
    alive,
    closed_to_stay,
    day_of,
    in_currency,
    rate_on,
)
from evaluation.kpis.sales import SOLD
from evaluation.kpis.touches import FIRST_TOUCH, LAST_TOUCH, Touch
from evaluation.kpis.windows import during

# The median of the opportunities of a year, of the whole company, in whole months: what costs come before.
CYCLE_DAYS = 365
_A_YEAR_BACK = f"(period.instant - interval '{CYCLE_DAYS} days')"
CYCLE = f"""WITH cycle AS MATERIALIZED (
            SELECT round(percentile_cont(0.5) WITHIN GROUP (
                ORDER BY date_part('epoch', change.at - opportunity.opened_at)) / 2629746)::int AS months
            FROM {CHANGES}
            WHERE change.outcome = 'won' AND change.at >= {_A_YEAR_BACK} AND change.at < period.instant
                AND opportunity.opened_at <= change.at AND {alive("opportunity")}
                AND {closed_to_stay(_A_YEAR_BACK, "period.instant")})
            """
CYCLE_MONTHS = "(SELECT cycle.months FROM cycle)"

CAC_LAGGED = Kpi(
    code="cac_lagged",
    version=3,  # 2: by campaign; where no cost is known, there is no value; 3: new customers by contract, too
    name=_("Cost per new customer, by when it was spent"),
    meaning=_("What winning a customer cost, where money is spent a sales cycle before the customer buys."),
    formula=_(
        "Costs of the months so long before the period as the median sales cycle of the last 365 days is, in whole"
        " months / new customers of the period's months"
    ),
    group="acquisition",
    unit=Unit.MONEY,
    direction=Direction.LOWER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    guard="retention_rate",
    beside=("cac_lagged_last_touch",),
    on_dashboard=False,
    costs=True,
    instead=NO_CUSTOMERS,
    source=_("The cost ledger; won opportunities, orders and contracts. Lagged, fully loaded CAC"),
    facts=acquiring("", CYCLE, CYCLE_MONTHS),
    issues={
        **ACQUIRING_ISSUES,
        "no_cycle": _("Nothing was won in the last 365 days that says how long a sale takes."),
    },
)

# So long a customer is looked at for each of the two, and how many months that is.
PAYBACK_DAYS, PAYBACK_MONTHS = 90, 3
VALUE_DAYS, VALUE_MONTHS = 365, 12


def brought_in(days: int, months: int) -> str:
    """What a new customer brought in in so many days from the first purchase: contracts by the days they ran, and what
    was sold otherwise. An opportunity that led to a contract is not counted beside it."""
    bought = f"({day_of('first.at')})"
    last = f"least({bought} + {days}, {day_of('period.seen')})"
    until = f"least(first.at + interval '{days} days', period.known)"
    rate, sold_at = rate_on("contract.currency", bought), day_of("sold.at")
    return f"""SELECT coalesce(sum(part.amount), 0) AS amount, bool_or(part.is_foreign) AS is_foreign,
                    bool_or(part.is_incomplete) AS is_incomplete
                FROM (SELECT (moved.after - moved.before) * {rate} * ({last} - greatest(moved.counts_from, {bought}))
                        * {months} / {days} AS amount, {rate} IS NULL AS is_foreign, FALSE AS is_incomplete
                    FROM sales_contractmovement AS moved JOIN sales_contract AS contract
                        ON contract.id = moved.contract_id
                    WHERE contract.customer_id = first.customer_id AND moved.counts_from < {last}
                        AND {alive("contract")}
                    UNION ALL
                    SELECT {in_currency("sold.amount", "sold.currency", sold_at)},
                        {rate_on("sold.currency", sold_at)} IS NULL, sold.amount IS NULL
                    FROM {during(SOLD, "first.at", until)} AS sold
                    WHERE sold.customer_id = first.customer_id
                        AND (sold.kind = 'order' OR NOT EXISTS (SELECT FROM sales_contract AS contract
                            WHERE contract.opportunity_id = sold.id AND {alive("contract")}))) AS part"""


def left_over(days: int) -> str:
    """What was left of what a new customer bought in so many days after what the goods cost."""
    until = f"least(first.at + interval '{days} days', period.known)"
    return f"""SELECT coalesce(sum(sold.worth - sold.cost), 0) AS amount, bool_or(sold.worth IS NULL) AS is_foreign,
                    bool_or(sold.cost IS NULL) AS is_incomplete
                FROM {during(MARGINS, "first.at", until)} AS sold WHERE sold.customer_id = first.customer_id"""


def beside_costs(
    days: int, months: int, only: str, brought_in: str, touch: Touch = FIRST_TOUCH, *, is_payback: bool = False
) -> Facts:
    """The rows of `acquiring`: each cost as it is, each new customer as what was brought in in so many days. What is
    paid back is costs for a month's revenue, what customers are worth is all their revenue for the costs."""
    rows = acquiring(only, touch=touch)
    source = f"""(SELECT part.*, brought.amount AS brought, CASE WHEN brought.is_incomplete THEN 'missing_amount'
                WHEN brought.is_foreign THEN 'other_currency' END AS missing, first.ends AS ripe_at
            FROM {rows.source}
            LEFT JOIN LATERAL (SELECT part.id AS customer_id, part.at, part.at + interval '{days} days' AS ends
                WHERE part.kind = 'customer') AS first ON TRUE
            LEFT JOIN LATERAL ({brought_in}) AS brought ON part.kind = 'customer') AS part"""
    cost, brought = "part.amount", "coalesce(part.brought, 0)"
    monthly = f"{brought} / {months}"
    return replace(
        rows,
        source=source,
        value=cost if is_payback else brought,
        weight=monthly if is_payback else cost,
        issue=f"""coalesce({rows.issue}, CASE part.missing WHEN 'missing_amount' THEN 'missing_amount'
            WHEN 'other_currency' THEN 'other_currency' END)""",
        ripe="part.kind = 'cost' OR part.ripe_at < period.seen",
        shown={**rows.shown, "brought_in": "part.brought"},
    )


BROUGHT_ISSUES = {**MONEY_ISSUES, **ACQUIRING_ISSUES}
MARGIN_ISSUES = {
    **BROUGHT_ISSUES,
    "missing_amount": _("New customers who bought something without a known cost or amount: that is left out."),
}

CAC_PAYBACK = Kpi(
    code="cac_payback",
    version=3,  # 2: by campaign; where no cost is known, there is no value; 3: new customers by contract, too
    name=_("Months until a customer has paid back, by revenue"),
    meaning=_("How many months of revenue it takes until new customers have brought in what winning them cost."),
    formula=_(
        "Costs of the months of the period / monthly revenue of their new customers: contracts and other sales of the"
        " first 90 days, a third of it. Revenue, not margin: it takes at least so long"
    ),
    group="acquisition",
    unit=Unit.MONTHS,
    direction=Direction.LOWER,
    time=Time.COHORT,
    aggregation=Aggregation.WEIGHTED,
    matures_after=timedelta(days=PAYBACK_DAYS),
    guard="retention_rate",  # who leaves before has never paid back
    beside=("cac_payback_margin", "cac_payback_last_touch"),
    on_dashboard=False,
    costs=True,
    instead=_("Cost %(top)s, no revenue"),
    source=_("The cost ledger, fully loaded; movements of contracts, won opportunities and orders"),
    facts=beside_costs(PAYBACK_DAYS, PAYBACK_MONTHS, "", brought_in(PAYBACK_DAYS, PAYBACK_MONTHS), is_payback=True),
    issues=BROUGHT_ISSUES,
)


CAC_PAYBACK_LAST_TOUCH = replace(
    CAC_PAYBACK,
    code=f"{CAC_PAYBACK.code}{LAST_TOUCH.suffix}",
    version=2,  # 2: new customers by contract, too
    name=_("Months until a customer has paid back, by last touch"),
    meaning=_(
        "How many months of revenue it takes until new customers have paid back what winning them cost, where channel"
        " and campaign are those that touched the customer last."
    ),
    beside=("cac_payback",),
    flag_as_of="state_of_today",
    facts=beside_costs(
        PAYBACK_DAYS, PAYBACK_MONTHS, "", brought_in(PAYBACK_DAYS, PAYBACK_MONTHS), LAST_TOUCH, is_payback=True
    ),
)

CAC_PAYBACK_MARGIN = replace(
    CAC_PAYBACK,
    code="cac_payback_margin",
    version=2,  # 2: new customers by contract, too
    name=_("Months until a customer has paid back, by margin"),
    meaning=_("How many months it takes until new customers have left what winning them cost, after the goods."),
    formula=_(
        "Costs of the months of the period / monthly margin of their new customers: sold − cost of goods of the first"
        " 90 days, of the lines whose cost is known, a third of it"
    ),
    beside=("cac_payback", "cac_payback_margin_last_touch"),
    instead=_("Cost %(top)s, no margin"),
    source=_("The cost ledger, fully loaded; lines of sales and returns; costs of goods"),
    facts=beside_costs(PAYBACK_DAYS, PAYBACK_MONTHS, "", left_over(PAYBACK_DAYS), is_payback=True),
    issues=MARGIN_ISSUES,
)


def value_to_cost(basis: Basis, load: Load, **words: Any) -> Kpi:
    """What customers bring in for what they cost, of kinds that fit: others are refused here."""
    check_ratio(basis, load)
    return Kpi(
        group="value",
        unit=Unit.TIMES,
        direction=Direction.HIGHER,
        time=Time.COHORT,
        aggregation=Aggregation.WEIGHTED,
        matures_after=timedelta(days=VALUE_DAYS),
        on_dashboard=False,
        facts=beside_costs(
            VALUE_DAYS,
            VALUE_MONTHS,
            PAID if load == Load.PAID else "",
            left_over(VALUE_DAYS) if basis == Basis.MARGIN else brought_in(VALUE_DAYS, VALUE_MONTHS),
        ),
        issues=BROUGHT_ISSUES if basis == Basis.REVENUE else MARGIN_ISSUES,
        **words,
    )


CLV_TO_CAC = value_to_cost(
    Basis.REVENUE,
    Load.PAID,
    code="clv_to_cac",
    version=3,  # 2: by campaign; 3: new customers by contract, too
    name=_("Revenue of the first year for advertising"),
    meaning=_("How many times over new customers bring in within a year what advertising for them cost."),
    formula=_(
        "Revenue of the first 365 days of the new customers of the months / costs of these months for media and"
        " advertising. Revenue, not margin, so it is not held against fully loaded costs"
    ),
    guard="cac",
    beside=("clv_to_cac_last_touch",),
    source=_("The cost ledger; movements of contracts, won opportunities and orders. CLV : CAC over twelve months"),
)

CLV_TO_CAC_MARGIN = value_to_cost(
    Basis.MARGIN,
    Load.FULL,
    code="clv_to_cac_margin",
    version=3,  # 2: by campaign; 3: new customers by contract, too
    name=_("Margin of the first year for what customers cost"),
    meaning=_("How many times over new customers bring in within a year what winning them cost, after the goods."),
    formula=_(
        "Sold − cost of goods in the first 365 days of the new customers of the months, of the lines whose cost is"
        " known / costs of these months, of every category"
    ),
    guard="cac",
    beside=("clv_to_cac_margin_last_touch",),
    source=_("The cost ledger, fully loaded; lines of sales and returns; costs of goods. CLV : CAC over twelve months"),
)

KPIS = (CAC_LAGGED, CAC_PAYBACK, CAC_PAYBACK_MARGIN, CAC_PAYBACK_LAST_TOUCH, CLV_TO_CAC, CLV_TO_CAC_MARGIN)
