"""What campaigns bring in for what they cost, at most: of revenue or margin, by the first touch or the last."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.campaigns import CAMPAIGN_NAME, CAMPAIGN_OF_COST, LABEL, OF_PART, costs_between
from evaluation.kpis.customer_value import MARGINS
from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import (
    MONEY_ISSUES,
    day_of,
    in_currency,
    money_issue,
    purchase_label,
    rate_on,
    rate_shown,
    returned,
    sales,
)
from evaluation.kpis.targets import FIRST, LAST
from evaluation.kpis.touches import FIRST_TOUCH, LAST_TOUCH, Touch

# A cost counts at the rate of the first day of its month.
_DAY = day_of("part.at")
_WORTH = in_currency("part.amount", "part.currency", _DAY)
_SPENT = in_currency("part.spent", "part.currency", _DAY)

_REVENUE = f"""SELECT customer_id, at, owner_id, team_id, amount, currency, kind, id, 0 AS goods
                FROM ({sales("period.starts", "period.ends")}) AS placed
                UNION ALL SELECT customer_id, at, owner_id, team_id, amount, currency, kind, id, 0
                FROM ({returned("period.starts", "period.ends")}) AS gone"""
_MARGIN = f"""SELECT customer_id, at, owner_id, team_id, amount, currency, kind, id, cost AS goods
                FROM ({MARGINS}) AS line"""

NO_COST = _("Sales of campaigns without a cost in the period are left out.")
ISSUES = {**MONEY_ISSUES, "without_cost": NO_COST}


def _source(touch: Touch, sold: str) -> str:
    """Costs of campaigns, and what was sold to customers of the campaigns that had any."""
    return f"""(SELECT 'cost' AS kind, cost.id, cost.month::timestamp AT TIME ZONE period.zone AS at, cost.owner_id,
                cost.team_id, nullif(cost.channel, '') AS channel, {CAMPAIGN_OF_COST} AS campaign_id, 0 AS amount,
                cost.amount AS spent, 0 AS goods, cost.currency, FALSE AS is_free
            FROM sales_cost AS cost WHERE {costs_between(FIRST, LAST)} AND {CAMPAIGN_OF_COST} IS NOT NULL
            UNION ALL
            SELECT sold.kind, sold.id, sold.at, sold.owner_id, sold.team_id, campaign.channel, campaign.id, sold.amount,
                0, sold.goods, sold.currency, NOT EXISTS (SELECT FROM sales_cost AS cost
                    WHERE cost.campaign_id = campaign.id AND {costs_between(FIRST, LAST)}
                        AND {rate_on("cost.currency", "cost.month")} IS NOT NULL)
            FROM ({sold}) AS sold {touch.of("sold")}
            JOIN sales_campaign AS campaign ON campaign.id = touch.campaign_id
            WHERE sold.customer_id IS NOT NULL) AS part"""


def _facts(touch: Touch, *, is_margin: bool = False, is_ratio: bool = False) -> Facts:
    left = f"{_WORTH} - part.goods" if is_margin else _WORTH
    missing = "WHEN part.amount IS NOT NULL AND part.goods IS NULL THEN 'missing_cost'" if is_margin else ""
    return Facts(
        source=_source(touch, _MARGIN if is_margin else _REVENUE),
        kinds=("cost", "opportunity", "order"),
        kind="part.kind",
        record="part.id",
        label=f"""{LABEL} ELSE {purchase_label("part")} END""",
        moment="part.at",
        value=left if is_ratio else f"{left} - {_SPENT}",
        weight=_SPENT,
        counted=f"{rate_on('part.currency', _DAY)} IS NOT NULL AND part.amount IS NOT NULL AND NOT part.is_free",
        issue=f"""CASE WHEN part.is_free THEN 'without_cost' {missing}
            ELSE {money_issue("part.amount", "part.currency", _DAY)} END""",
        dimensions=OF_PART,
        shown={
            "amount": "CASE part.kind WHEN 'cost' THEN part.spent ELSE part.amount END",
            "currency": "part.currency",
            "campaign": CAMPAIGN_NAME,
            **rate_shown("part.currency", _DAY),
        },
    )


def _return(code: str, touch: Touch, facts: Facts, unit: Unit = Unit.RATIO, **words: Any) -> Kpi:
    first, last = code, f"{code}{LAST_TOUCH.suffix}"
    return Kpi(
        code=f"{code}{touch.suffix}",
        group="value",
        unit=unit,
        direction=Direction.HIGHER,
        time=Time.EVENT,
        aggregation=Aggregation.WEIGHTED,
        guard="cac",
        beside=(first if touch.suffix else last,),
        on_dashboard=False,
        flag_as_of="state_of_today",
        facts=facts,
        **{
            "version": 2 if touch.suffix else 1,
            "ends": None if unit == Unit.TIMES else (None, None),
            "issues": ISSUES,
            **words,
        },
    )


_REVENUE_SOURCE = _(
    "The cost ledger and sales, attributed to the first touch: revenue, not margin, and not all because of the"
    " campaign. What it really returned is at most this"
)
_LAST_SOURCE = _(
    "The cost ledger and sales, attributed to the last touch: not all because of the campaign. What it really returned"
    " is at most this"
)
_MARGIN_ISSUES = {**ISSUES, "missing_cost": _("What was sold without a known cost is left out.")}

CAMPAIGN_ROI = _return(
    "campaign_roi",
    FIRST_TOUCH,
    _facts(FIRST_TOUCH),
    version=4,  # 3: less what was refunded for returns; 4: by campaign
    name=_("Return on campaigns, at most"),
    meaning=_("What customers whose first touch was a campaign brought in, for what the campaigns cost."),
    formula=_(
        "(Sold in the period to them, less refunds for returns − costs of the campaigns in the period) / these costs;"
        " the upper bound"
    ),
    source=_REVENUE_SOURCE,
)

CAMPAIGN_ROI_LAST_TOUCH = _return(
    "campaign_roi",
    LAST_TOUCH,
    _facts(LAST_TOUCH),
    name=_("Return on campaigns by last touch, at most"),
    meaning=_("What was sold where a campaign was the last touch before the purchase began, for what they cost."),
    formula=_(
        "(Sold in the period after them, less refunds for returns − costs of the campaigns in the period) / these"
        " costs; the upper bound"
    ),
    source=_LAST_SOURCE,
)

CAMPAIGN_MARGIN_ROI = _return(
    "campaign_margin_roi",
    FIRST_TOUCH,
    _facts(FIRST_TOUCH, is_margin=True),
    name=_("Return on campaigns as margin, at most"),
    meaning=_("What was left after the goods of what customers bought whose first touch was a campaign, for its cost."),
    formula=_(
        "(Sold − cost of goods, of the lines whose cost is known, to customers of the campaigns − costs of the"
        " campaigns in the period) / these costs; the upper bound"
    ),
    source=_(
        "The cost ledger, lines of sales and returns and costs of goods, attributed to the first touch; not compared"
        " with customers without the campaign"
    ),
    issues=_MARGIN_ISSUES,
)

CAMPAIGN_MARGIN_ROI_LAST_TOUCH = _return(
    "campaign_margin_roi",
    LAST_TOUCH,
    _facts(LAST_TOUCH, is_margin=True),
    name=_("Return on campaigns as margin by last touch, at most"),
    meaning=_("What was left after the goods of sales whose last touch was a campaign, for what it cost."),
    formula=CAMPAIGN_MARGIN_ROI.formula,
    source=_LAST_SOURCE,
    issues=_MARGIN_ISSUES,
)

CAMPAIGN_RETURN = _return(
    "campaign_return",
    FIRST_TOUCH,
    _facts(FIRST_TOUCH, is_ratio=True),
    Unit.TIMES,
    name=_("Sales for what campaigns cost"),
    meaning=_("How many times over customers whose first touch was a campaign brought in what the campaigns cost."),
    formula=_(
        "Sold in the period to customers of the campaigns, less refunds for returns / costs of the campaigns in the"
        " period; the cost is not taken off"
    ),
    source=_REVENUE_SOURCE,
)

CAMPAIGN_RETURN_LAST_TOUCH = _return(
    "campaign_return",
    LAST_TOUCH,
    _facts(LAST_TOUCH, is_ratio=True),
    Unit.TIMES,
    name=_("Sales for what campaigns cost, by last touch"),
    meaning=_("How many times over sales whose last touch was a campaign brought in what the campaigns cost."),
    formula=CAMPAIGN_RETURN.formula,
    source=_LAST_SOURCE,
)

KPIS = (
    CAMPAIGN_ROI,
    CAMPAIGN_ROI_LAST_TOUCH,
    CAMPAIGN_MARGIN_ROI,
    CAMPAIGN_MARGIN_ROI_LAST_TOUCH,
    CAMPAIGN_RETURN,
    CAMPAIGN_RETURN_LAST_TOUCH,
)
