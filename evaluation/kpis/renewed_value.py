"""What is renewed by what it is worth, of the same terms as the renewal rate."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.contracts import GRACE, KNOWN, RENEWAL_RATE
from evaluation.kpis.declaration import Aggregation, Direction, Kpi, Time, Unit
from evaluation.kpis.rows import NO_RATE, rate_on, rate_shown

# Both sides at the rate of the last day of the term: a currency that moves is no growth.
_RATE = rate_on("contract.currency", "term.until")

# Of a contract: what it was worth as the term ended, and on the first day of the next one, with the new price.
_HELD = f"""LEFT JOIN LATERAL (
                SELECT sum(moved.after - moved.before) FILTER (WHERE moved.counts_from <= term.until) AS ended_with,
                    sum(moved.after - moved.before) AS begins_with
                FROM sales_contractmovement AS moved
                WHERE moved.contract_id = term.contract_id AND moved.counts_from <= term.until + 1
                    AND moved.agreed_on < {KNOWN}) AS held ON TRUE"""

# Who left before the end had by then nothing left: what they left with was due, as the contract was.
_DUE = f"""({_RATE} * CASE WHEN outcome.type = 'churn' OR held.ended_with = 0 THEN outcome.before
            ELSE held.ended_with END)"""
_IN_TIME = f"outcome.type = 'renewal' AND outcome.agreed_on <= term.until + {GRACE.days}"
# Of each contract at most what was due: what was sold on top is no renewal, and makes up for nobody who shrank.
_RENEWED = f"CASE WHEN {_IN_TIME} THEN least({_RATE} * held.begins_with, {_DUE}) ELSE 0 * {_RATE} END"

RENEWAL_RATE_BY_VALUE = Kpi(
    code="renewal_rate_by_value",
    version=2,
    name=_("Renewal rate by value"),
    meaning=_("Of what the contracts whose term ended in the period were worth per month, the share that was renewed."),
    formula=_(
        "Value per month renewed at most 30 days late, of each contract at most what was due / value per month of the"
        " contracts due in the period; what was left before the end counts as not renewed"
    ),
    group="retention",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.COHORT,
    aggregation=Aggregation.WEIGHTED,
    matures_after=GRACE,
    guard="renewal_rate",  # one large contract that stays hides many small ones that do not
    beside=("renewal_rate",),
    on_dashboard=False,
    source=_("Movements of contracts"),
    facts=replace(
        RENEWAL_RATE.facts,
        source=f"{RENEWAL_RATE.facts.source} {_HELD}",
        numerator="1",
        value=_RENEWED,
        weight=_DUE,
        counted=f"coalesce({_DUE}, 0) > 0",
        issue=f"CASE WHEN {_RATE} IS NULL THEN 'other_currency' END",
        shown={
            "due": "term.until",
            "outcome": "coalesce(outcome.type, 'open')",
            "automatic": "outcome.automatic",
            "value_due": _DUE,
            "value_renewed": _RENEWED,
            "currency": "period.currency",
            **rate_shown("contract.currency", "term.until"),
        },
    ),
    issues={"other_currency": NO_RATE},
)

KPIS = (RENEWAL_RATE_BY_VALUE,)
