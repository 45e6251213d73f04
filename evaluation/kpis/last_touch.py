"""What customers cost and bring in, where channel and campaign are those that touched the customer last.

Each is a KPI of its own beside the one by the first touch: what that one says, and the goals agreed on it, stay as they
are. As a whole both are the same number; only the parts differ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.campaigns import CAC_PAID, PAID, acquiring
from evaluation.kpis.declaration import Facts, Kpi
from evaluation.kpis.touches import LAST_TOUCH
from evaluation.kpis.unit_economics import (
    CAC_LAGGED,
    CAC_PAYBACK_MARGIN,
    CLV_TO_CAC,
    CLV_TO_CAC_MARGIN,
    CYCLE,
    CYCLE_MONTHS,
    PAYBACK_DAYS,
    PAYBACK_MONTHS,
    VALUE_DAYS,
    VALUE_MONTHS,
    beside_costs,
    brought_in,
    left_over,
)


def _by_last_touch(first: Kpi, facts: Facts, **words: Any) -> Kpi:
    """The same number of a KPI by first touch; who responded to what keeps no history."""
    return replace(
        first,
        code=f"{first.code}{LAST_TOUCH.suffix}",
        version=1,
        beside=(first.code,),
        flag_as_of="state_of_today",
        facts=facts,
        **words,
    )


CAC_PAID_LAST_TOUCH = _by_last_touch(
    CAC_PAID,
    acquiring(PAID, touch=LAST_TOUCH),
    name=_("Advertising per new customer, by last touch"),
    meaning=_(
        "What winning a customer cost in media and advertising alone, where channel and campaign are those that touched"
        " the customer last."
    ),
)

CAC_LAGGED_LAST_TOUCH = _by_last_touch(
    CAC_LAGGED,
    acquiring("", CYCLE, CYCLE_MONTHS, LAST_TOUCH),
    name=_("Cost per new customer, by when it was spent and last touch"),
    meaning=_(
        "What winning a customer cost, where money is spent a sales cycle before the customer buys, and channel and"
        " campaign are those that touched the customer last."
    ),
)

CAC_PAYBACK_MARGIN_LAST_TOUCH = _by_last_touch(
    CAC_PAYBACK_MARGIN,
    beside_costs(PAYBACK_DAYS, PAYBACK_MONTHS, "", left_over(PAYBACK_DAYS), LAST_TOUCH, is_payback=True),
    name=_("Months until a customer has paid back, by margin and last touch"),
    meaning=_(
        "How many months it takes until new customers have left what winning them cost, after the goods, where channel"
        " and campaign are those that touched the customer last."
    ),
)

CLV_TO_CAC_LAST_TOUCH = _by_last_touch(
    CLV_TO_CAC,
    beside_costs(VALUE_DAYS, VALUE_MONTHS, PAID, brought_in(VALUE_DAYS, VALUE_MONTHS), LAST_TOUCH),
    name=_("Revenue of the first year for advertising, by last touch"),
    meaning=_(
        "How many times over new customers bring in within a year what advertising for them cost, where channel and"
        " campaign are those that touched the customer last."
    ),
)

CLV_TO_CAC_MARGIN_LAST_TOUCH = _by_last_touch(
    CLV_TO_CAC_MARGIN,
    beside_costs(VALUE_DAYS, VALUE_MONTHS, "", left_over(VALUE_DAYS), LAST_TOUCH),
    name=_("Margin of the first year for what customers cost, by last touch"),
    meaning=_(
        "How many times over new customers bring in within a year what winning them cost, after the goods, where"
        " channel and campaign are those that touched the customer last."
    ),
)

KPIS = (
    CAC_PAID_LAST_TOUCH,
    CAC_LAGGED_LAST_TOUCH,
    CAC_PAYBACK_MARGIN_LAST_TOUCH,
    CLV_TO_CAC_LAST_TOUCH,
    CLV_TO_CAC_MARGIN_LAST_TOUCH,
)
