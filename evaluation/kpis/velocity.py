"""How much the pipeline earns a day: how many, how often won, for how much, in how long."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Driver, Facts, Kpi, Time, Unit
from evaluation.kpis.pipeline import PIPELINE_VALUE
from evaluation.kpis.rows import (
    CHANGES,
    MONEY_ISSUES,
    channel_of,
    closed_as,
    day_of,
    in_currency,
    money_issue,
    rate_shown,
)
from evaluation.kpis.sales import AMOUNT_CLOSED, CURRENCY_CLOSED, SALES_CYCLE
from evaluation.kpis.windows import INSTANT, during, on_the_clock

# All four inputs are of the same twelve months. Part of the definition: another window is another version.
_SINCE = on_the_clock(f"{INSTANT} - interval '12 months'")

_COLUMNS = """change.at, change.outcome, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
            opportunity.id, opportunity.name AS label, opportunity.opened_at"""
_CLOSED = f"""SELECT {_COLUMNS}, {AMOUNT_CLOSED} AS amount, {CURRENCY_CLOSED} AS currency
            FROM {CHANGES} WHERE {closed_as("won", "lost")}"""
_OPEN = f"""SELECT {_COLUMNS}, change.amount, change.currency FROM {CHANGES} WHERE {PIPELINE_VALUE.facts.where}"""

_IS_WON = "sale.outcome = 'won'"
_WORTH = in_currency("sale.amount", "sale.currency", day_of("sale.at"))
_DAYS = """CASE WHEN sale.outcome = 'won' AND sale.opened_at <= sale.at
            THEN EXTRACT(epoch FROM sale.at - sale.opened_at) / 86400 END"""

SALES_VELOCITY = Kpi(
    code="sales_velocity",
    version=1,
    name=_("Sales velocity per day"),
    meaning=_("What the open opportunities earn per day, at the win rate, size and pace of the last twelve months."),
    formula=_("Open opportunities × win rate × average sale / average days from opened to won, over twelve months"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.ROLLING,
    aggregation=Aggregation.PRODUCT,
    guard="win_rate",  # opening more of what cannot be won raises it until they are closed
    on_dashboard=False,
    source=_("Stage changes of opportunities; the open ones as they stood at the end of the period"),
    facts=Facts(
        source=f"""(SELECT closed.* FROM {during(_CLOSED, _SINCE, "period.instant")} AS closed
            UNION ALL {_OPEN}) AS sale""",
        kinds=("opportunity",),
        record="sale.id",
        label="sale.label",
        moment="sale.at",
        value=f"CASE WHEN {_IS_WON} THEN {_WORTH} END",
        issue=f"""CASE WHEN sale.outcome <> 'won' THEN NULL
            WHEN sale.opened_at IS NULL THEN 'missing_opened_at' WHEN sale.opened_at > sale.at THEN 'opened_after_won'
            ELSE {money_issue("sale.amount", "sale.currency", day_of("sale.at"))} END""",
        dimensions={
            "person": "sale.owner_id",
            "team": "sale.team_id",
            "channel": channel_of("sale"),
            "product": "sale.product_id",
            "customer": "sale.customer_id",
        },
        shown={
            "outcome": "sale.outcome",
            "amount": "sale.amount",
            "currency": "sale.currency",
            **rate_shown("sale.currency", day_of("sale.at")),
            "days": f"round({_DAYS}, 1)",
        },
    ),
    issues={
        "missing_opened_at": SALES_CYCLE.issues["missing_opened_at"],
        "opened_after_won": SALES_CYCLE.issues["opened_after_won"],
        **MONEY_ISSUES,
    },
    drivers=(
        Driver("open_opportunities", _("Open opportunities"), Unit.COUNT, "(sale.outcome = 'open')::int"),
        Driver("win_rate", _("Win rate"), Unit.RATIO, f"({_IS_WON})::int", "(sale.outcome <> 'open')::int"),
        Driver(
            "average_sale",
            _("Average sale"),
            Unit.MONEY,
            f"CASE WHEN {_IS_WON} THEN {_WORTH} END",
            f"({_IS_WON} AND {_WORTH} IS NOT NULL)::int",
        ),
        Driver("days", _("Average days to win"), Unit.COUNT, _DAYS, f"({_DAYS} IS NOT NULL)::int", divides=True),
    ),
)

KPIS = (SALES_VELOCITY,)
