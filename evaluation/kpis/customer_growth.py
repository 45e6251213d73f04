"""How the number of customers grows: new ones against last year's, all against those of the start."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.contracts import INSTANT, STARTS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Method, Time, Unit
from evaluation.kpis.rows import channel_of, not_in_bin, purchase_label
from evaluation.kpis.running import active, beginnings

# The same days of last year: of a period that runs, as many as have passed.
_YEAR_STARTS, _YEAR_ENDS = (f"(({day} - interval '1 year') AT TIME ZONE period.zone)" for day in (STARTS, INSTANT))

TWO_COUNTS = _("%(whole)s after %(bottom)s")
_NAME = "(SELECT customer.name FROM customers_customer AS customer WHERE customer.id = {key})"


def _first_purchases(since: str, until: str, change: int, base: int) -> str:
    """Of those who had never bought before, as in `new_customers`."""
    return f"""SELECT first.*, {change} AS change, {base} AS base FROM (
                SELECT DISTINCT ON (bought.customer_id) bought.* FROM ({beginnings(since, until)}) AS bought
                WHERE bought.customer_id IS NOT NULL
                ORDER BY bought.customer_id, bought.at, bought.kind, bought.id) AS first
            WHERE {not_in_bin("first.customer_id")} AND NOT EXISTS (
                {beginnings("'-infinity'::timestamptz", since, "first.customer_id")})"""


NEW_CUSTOMER_GROWTH = Kpi(
    code="new_customer_growth",
    version=2,  # 2: as new_customers
    name=_("Growth of new customers"),
    meaning=_("How many more customers were won than in the same period last year."),
    formula=_(
        "(New customers − those of the same period last year) / those of last year; while the period is running,"
        " against as much of last year's"
    ),
    group="acquisition",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.GROWTH,
    interval=Method.POISSON_RATIO,
    minimum_n=30,
    ends=(-1.0, None),
    guard="retention_rate",
    on_dashboard=False,
    instead=TWO_COUNTS,
    source=_(
        "Won opportunities, orders and contracts; where both years have fewer than 30, the two counts are said instead"
    ),
    facts=Facts(
        source=f"""({_first_purchases("period.starts", "period.ends", 1, 0)}
            UNION ALL {_first_purchases(_YEAR_STARTS, _YEAR_ENDS, -1, 1)}) AS first""",
        kinds=("customer",),
        record="first.customer_id",
        label=_NAME.format(key="first.customer_id"),
        moment="first.at",
        value="first.change",
        weight="first.base",
        dimensions={
            "person": "first.owner_id",
            "team": "first.team_id",
            "channel": channel_of("first"),
            "product": "first.product_id",
        },
        shown={
            "when": "CASE first.base WHEN 1 THEN 'last year' ELSE 'this period' END",
            "first_purchase": purchase_label("first"),
        },
    ),
)


CUSTOMER_BASE_GROWTH = Kpi(
    code="customer_base_growth",
    version=2,  # 2: as active_customers
    name=_("Growth of the customer base"),
    meaning=_("How many more customers are active as the period ends than as it began."),
    formula=_(
        "(Customers active at the end − at the start) / at the start; active is who has a running contract, or bought"
        " within the 365 days before"
    ),
    group="acquisition",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.STOCK,
    aggregation=Aggregation.GROWTH,
    minimum_n=30,
    ends=(-1.0, None),
    guard="retention_rate",
    on_dashboard=False,
    instead=TWO_COUNTS,
    source=_("Won opportunities, orders and contracts; below 30 customers the two counts are said instead"),
    facts=Facts(
        source=f"""(SELECT coalesce(later.customer_id, earlier.customer_id) AS customer_id,
                (later.customer_id IS NOT NULL)::int - (earlier.customer_id IS NOT NULL)::int AS change,
                (earlier.customer_id IS NOT NULL)::int AS base, coalesce(later.at, earlier.at) AS at,
                CASE WHEN later.customer_id IS NULL THEN earlier.owner_id ELSE later.owner_id END AS owner_id,
                CASE WHEN later.customer_id IS NULL THEN earlier.team_id ELSE later.team_id END AS team_id
            FROM {active("period.instant", "later")}
            FULL JOIN {active("period.starts", "earlier")} ON earlier.customer_id = later.customer_id) AS held""",
        where=not_in_bin("held.customer_id"),
        kinds=("customer",),
        record="held.customer_id",
        label=_NAME.format(key="held.customer_id"),
        moment="held.at",
        value="held.change",
        weight="held.base",
        dimensions={"person": "held.owner_id", "team": "held.team_id", "channel": channel_of("held")},
        shown={
            "outcome": "CASE held.change WHEN 1 THEN 'came' WHEN -1 THEN 'went' ELSE 'stayed' END",
            "latest_purchase": "held.at",
        },
    ),
)

KPIS = (NEW_CUSTOMER_GROWTH, CUSTOMER_BASE_GROWTH)
