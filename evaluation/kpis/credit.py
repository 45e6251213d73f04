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
    returned_of_won,
)
from evaluation.kpis.sales import AMOUNT_CLOSED, CURRENCY_CLOSED

_DAY = day_of("sale.at")


def _counts(split: str, day: str) -> str:
    """A split about the day that was written down by then."""
    return f"""{split}.kind = 'revenue' AND {split}.valid_from <= {day}
                    AND ({split}.valid_until IS NULL OR {split}.valid_until >= {day})
                    AND {split}.recorded_at < period.known"""


def _shares(sale: str, day: str) -> str:
    """Joins the split about the day of the sale that was recorded last: its shares in their order, with what they add
    up to. As a join: asked of each sale, it took as long as all the sales where hardly one is split."""
    return f"""LEFT JOIN (SELECT split.*, share.person_id, share.team_id, share.share,
                    (SELECT sum(before.share) FROM sales_creditshare AS before
                    WHERE before.split_id = share.split_id AND before.id <= share.id) AS upto
                FROM sales_creditsplit AS split JOIN sales_creditshare AS share ON share.split_id = split.id
            ) AS part ON part.opportunity_id = {sale} AND {_counts("part", day)} AND NOT EXISTS (
                SELECT FROM sales_creditsplit AS later
                WHERE later.opportunity_id = part.opportunity_id AND later.id > part.id AND {_counts("later", day)})"""


_WON = f"""SELECT change.at, change.owner_id, change.team_id, change.product_id, opportunity.customer_id,
                {AMOUNT_CLOSED} AS amount, {CURRENCY_CLOSED} AS currency, opportunity.id, opportunity.name AS label
            FROM {CHANGES} WHERE {closed_as("won")}"""

# What came back in the period of what was won, whenever that was: those who are credited with the sale are with this.
_BACK = f"""SELECT gone.at, gone.owner_id, gone.team_id, gone.product_id, gone.customer_id, gone.amount, gone.currency,
                gone.id, gone.label, gone.kind, gone.opportunity_id, gone.won_at
            FROM ({returned_of_won("period.starts", "period.ends", ", opportunity.id, entry.at")})
                AS gone(customer_id, at, owner_id, team_id, product_id, amount, currency, kind, id, label,
                    opportunity_id, won_at)"""
_KEPT = f"""SELECT won.*, 'opportunity' AS kind, won.id AS opportunity_id, won.at AS won_at FROM ({_WON}) AS won
            UNION ALL {_BACK}"""


def _credited(sales: str, shares: str) -> str:
    return f"""SELECT sale.*, part.share,
                CASE WHEN part.person_id IS NULL THEN sale.owner_id ELSE part.person_id END AS person_id,
                CASE WHEN part.person_id IS NULL THEN sale.team_id ELSE part.team_id END AS credited_team_id,
                coalesce(part.upto, 1) AS upto, coalesce(part.upto - part.share, 0) AS before,
                {in_currency("sale.amount", "sale.currency", _DAY)} AS worth
            FROM ({sales}) AS sale {shares}"""


CREDITED = _credited(_WON, _shares("sale.id", _DAY))
CREDITED_AND_KEPT = _credited(_KEPT, _shares("sale.opportunity_id", day_of("sale.won_at")))


def _until(share: str) -> str:
    """What the shares until there come to, in whole cents; the last has all that is left."""
    return f"CASE WHEN {share} = 1 THEN credit.worth ELSE round(credit.worth * {share}, 2) END"


CREDITED_WORTH = f"{_until('credit.upto')} - {_until('credit.before')}"

CREDITED_REVENUE = Kpi(
    code="credited_revenue",
    version=2,  # 2: returns count against the day they came back
    name=_("Credited revenue"),
    meaning=_("What was won in the period, less what was paid back in it, by those who are credited with it."),
    formula=_(
        "Amount of the opportunities won in the period, less what was refunded in it for orders of won opportunities,"
        " by the split of their credit on the day they were won"
    ),
    group="sales",
    unit=Unit.MONEY,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.SUM,
    guard="csat",
    on_dashboard=False,
    source=_("Won opportunities, returns of their orders, and splits of credit; without a split the owner then"),
    facts=Facts(
        source=f"({CREDITED_AND_KEPT}) AS credit",
        kinds=("opportunity", "order"),
        kind="credit.kind",
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
