"""What was won, by those who are credited with it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
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
from evaluation.kpis.sales import AMOUNT_CLOSED, CURRENCY_CLOSED

_DAY = day_of("sale.at")

# The split about the day of the sale that was recorded last; its shares in their order, with what they add up to.
_SHARES = f"""SELECT share.person_id, share.team_id, share.share, sum(share.share) OVER (ORDER BY share.id) AS upto
            FROM sales_creditshare AS share
            WHERE share.split_id = (
                SELECT split.id FROM sales_creditsplit AS split
                WHERE split.opportunity_id = sale.id AND split.kind = 'revenue' AND split.valid_from <= {_DAY}
                    AND (split.valid_until IS NULL OR split.valid_until >= {_DAY}) AND split.recorded_at < period.known
                ORDER BY split.id DESC LIMIT 1)"""

_WON = f"""SELECT change.at, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
                {AMOUNT_CLOSED} AS amount, {CURRENCY_CLOSED} AS currency, opportunity.id, opportunity.name AS label
            FROM {CHANGES} WHERE {closed_as("won")}"""

CREDITED = f"""SELECT sale.*, part.share,
                CASE WHEN part.person_id IS NULL THEN sale.owner_id ELSE part.person_id END AS person_id,
                CASE WHEN part.person_id IS NULL THEN sale.team_id ELSE part.team_id END AS credited_team_id,
                coalesce(part.upto, 1) AS upto, coalesce(part.upto - part.share, 0) AS before,
                {in_currency("sale.amount", "sale.currency", _DAY)} AS worth
            FROM ({_WON}) AS sale LEFT JOIN LATERAL ({_SHARES}) AS part ON TRUE"""


def _until(share: str) -> str:
    """What the shares until there come to, in whole cents; the last has all that is left."""
    return f"CASE WHEN {share} = 1 THEN credit.worth ELSE round(credit.worth * {share}, 2) END"


CREDITED_WORTH = f"{_until('credit.upto')} - {_until('credit.before')}"

CREDITED_REVENUE = Kpi(
    code="credited_revenue",
    version=1,
    name=_("Credited revenue"),
    meaning=_("What was won in the period, by those who are credited with it."),
    formula=_("Amount of the opportunities won in the period, by the split of their credit on the day they were won"),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.SUM,
    guard="csat",
    on_dashboard=False,
    source=_("Won opportunities and splits of their credit; without a split the owner at that moment"),
    facts=Facts(
        source=f"({CREDITED}) AS credit",
        kinds=("opportunity",),
        record="credit.id",
        label="credit.label",
        moment="credit.at",
        value=CREDITED_WORTH,
        issue=money_issue("credit.amount", "credit.currency", day_of("credit.at")),
        dimensions={
            "person": "credit.person_id",
            "team": "credit.credited_team_id",
            "channel": channel_of("credit"),
            "product": "credit.product_id",
            "customer": "credit.customer_id",
        },
        shown={
            "amount": "credit.amount",
            "currency": "credit.currency",
            "share": "coalesce(credit.share, 1)",
            **rate_shown("credit.currency", day_of("credit.at")),
        },
    ),
    issues=MONEY_ISSUES,
)

KPIS = (CREDITED_REVENUE,)
