"""Which way forecasts are wrong, and quotas as credit is divided."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.credit import CREDITED, CREDITED_WORTH
from evaluation.kpis.declaration import Direction, Kpi, Time
from evaluation.kpis.rows import alive
from evaluation.kpis.targets import FIRST, FORECAST_ACCURACY, LAST, QUOTA_ATTAINMENT
from evaluation.kpis.windows import during, on_the_clock

FORECAST_BIAS = Kpi(
    code="forecast_bias",
    version=1,
    name=_("Forecast bias"),
    meaning=_("By how much people commit to more, or to less, than they then win."),
    formula=_("Sum of commit − won / won; each commit as the first week left it. Below 0 is too careful"),
    group="sales",
    unit=FORECAST_ACCURACY.unit,
    direction=Direction.BAND,
    time=Time.EVENT,
    aggregation=FORECAST_ACCURACY.aggregation,
    ends=(-1.0, None),
    guard="forecast_accuracy",  # too much and too little cancel here, and do not there
    on_dashboard=False,
    source=FORECAST_ACCURACY.source,
    facts=replace(FORECAST_ACCURACY.facts, value="said.commit - said.won"),
    issues=FORECAST_ACCURACY.issues,
)

# Until the end of the last month that begins in the period.
_MONTHS_END = on_the_clock(f"date_trunc('month', {LAST} - 1) + interval '1 month'")
_UNTIL = f"least({_MONTHS_END}, period.known)"

_CREDITED = f"""(SELECT credit.person_id, date_trunc('month', credit.at AT TIME ZONE period.zone)::date AS month,
                    sum({CREDITED_WORTH}) AS won,
                    bool_or(credit.amount IS NOT NULL AND credit.worth IS NULL) AS is_incomplete
                FROM {during(CREDITED, "period.starts", _UNTIL)} AS credit GROUP BY 1, 2)"""

# A KPI of its own and no new version of quota_attainment: goals were agreed on what people win as owners, and an
# organisation that divides credit may want either. Whoever shares a sale loses by the one and not by the other.
CREDITED_QUOTA_ATTAINMENT = Kpi(
    code="credited_quota_attainment",
    version=1,
    name=_("Quota attainment by credit"),
    meaning=_("What people are credited with of what they were to win in the months of the period."),
    formula=_("Won, by the split of its credit on the day it was won / their quotas, month by month"),
    group="sales",
    unit=QUOTA_ATTAINMENT.unit,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=QUOTA_ATTAINMENT.aggregation,
    ends=(0.0, None),
    guard="csat",
    on_dashboard=False,
    source=_(
        "Quotas of people, won opportunities and splits of their credit. Beside quota attainment, which counts for"
        " owners: what was agreed on that keeps its meaning"
    ),
    facts=replace(
        QUOTA_ATTAINMENT.facts,
        source=f"""(SELECT quota.*, coalesce(came.won, 0) AS won, coalesce(came.is_incomplete, FALSE) AS is_incomplete
            FROM sales_quota AS quota LEFT JOIN {_CREDITED} AS came
                ON came.person_id = quota.owner_id AND came.month = quota.month
            WHERE quota.owner_id IS NOT NULL AND quota.month >= {FIRST} AND quota.month < {LAST}
                AND {alive("quota")}) AS quota""",
    ),
    issues=QUOTA_ATTAINMENT.issues,
)

KPIS = (FORECAST_BIAS, CREDITED_QUOTA_ATTAINMENT)
