"""How sales grow against the year before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Kpi, Time, Unit
from evaluation.kpis.rows import in_currency, rate_on, rate_shown
from evaluation.kpis.sales import REVENUE, SOLD
from evaluation.kpis.windows import INSTANT, STARTS, during, on_the_clock

# What lies within January and February is compared as both months together, because Lunar New Year moves between them.
# Before both are over nothing is compared. Any other stretch is compared as far as it has come: the same days of both
# years.
_MARCH = f"(date_trunc('year', {STARTS}) + interval '2 months')"
_IN_THE_TWO = f"({STARTS} < {_MARCH} AND {INSTANT} <= {_MARCH})"
_SINCE = f"(CASE WHEN {_IN_THE_TWO} THEN date_trunc('year', {STARTS}) ELSE {STARTS} END)"
_UNTIL = f"(CASE WHEN {_IN_THE_TWO} THEN {_MARCH} ELSE {INSTANT} END)"
_WAITS = f"({_IN_THE_TWO} AND {on_the_clock(_MARCH)} > period.seen)"

_NOW = during(SOLD, on_the_clock(_SINCE), on_the_clock(_UNTIL))
_BEFORE = during(SOLD, on_the_clock(f"{_SINCE} - interval '1 year'"), on_the_clock(f"{_UNTIL} - interval '1 year'"))

# One rate for both years, that of the first day of this year's: a currency that moves is no growth.
_DAY = f"{_SINCE}::date"
_WORTH = in_currency("sold.amount", "sold.currency", _DAY)

SALES_GROWTH = Kpi(
    code="sales_growth",
    version=2,  # 2: less what was refunded for returns, each year's in its own days
    name=_("Sales growth"),
    meaning=_("How much more was sold than in the same days of the year before, at unchanged rates of currencies."),
    formula=_(
        "(Sold in the period − sold in the same days a year before) / sold a year before; January and February together"
    ),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    ends=(-1.0, None),
    guard="gross_revenue_retention",  # what grows at one end may be lost at the other
    matures_after=timedelta(days=34),  # January waits for February, and for the days of grace after it
    on_dashboard=False,
    source=_(
        "Won opportunities, and orders without one; January and February together as China's statistics bureau does"
    ),
    facts=replace(
        REVENUE.facts,
        source=f"""(SELECT sold.*, TRUE AS is_new, {_WORTH} AS worth FROM {_NOW} AS sold
            UNION ALL SELECT sold.*, FALSE, {_WORTH} FROM {_BEFORE} AS sold) AS sale""",
        value="CASE WHEN sale.is_new THEN sale.worth ELSE -sale.worth END",
        weight="CASE WHEN sale.is_new THEN 0 ELSE sale.worth END",
        counted=f"NOT {_WAITS}",
        issue=f"""CASE WHEN sale.amount IS NULL THEN 'missing_amount'
            WHEN {rate_on("sale.currency", _DAY)} IS NULL THEN 'no_rate'
            WHEN {_WAITS} THEN 'not_both_months' WHEN {_IN_THE_TWO} THEN 'both_months' END""",
        shown={
            "year": "date_part('year', sale.at AT TIME ZONE period.zone)",
            "amount": "sale.amount",
            "currency": "sale.currency",
            **rate_shown("sale.currency", _DAY),
        },
    ),
    issues={
        "missing_amount": REVENUE.issues["missing_amount"],
        "no_rate": _("Amounts in a currency that had no rate on the first day are left out."),
        "not_both_months": _("January and February are compared together, once both are over."),
        "both_months": _("January and February are compared together: Lunar New Year moves between them."),
    },
)

KPIS = (SALES_GROWTH,)
