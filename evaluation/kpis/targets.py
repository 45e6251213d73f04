"""What was said would be won, and what came: forecasts and quotas of people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from evaluation.kpis.declaration import Aggregation, Direction, Facts, Kpi, Time, Unit
from evaluation.kpis.rows import CHANGES, alive, closed_to_stay, day_of, in_currency

WON_WITHOUT_RATE = _("People who won something in a currency that had no rate on its day: that is not counted.")
FIRST, LAST = "(period.starts AT TIME ZONE period.zone)::date", "(period.ends AT TIME ZONE period.zone)::date"


def won_between(first: str, until: str, owner: str) -> str:
    """What a person won between two days, the second left out, at the rate of each day; 0 where nothing. And whether
    something is missing in it, because it had no rate."""
    since, end = (f"({day}::timestamp AT TIME ZONE period.zone)" for day in (first, until))
    worth = in_currency("opportunity.amount", "opportunity.currency", day_of("change.at"))
    return f"""LATERAL (SELECT coalesce(sum(sale.worth), 0) AS won,
                coalesce(bool_or(sale.worth IS NULL), FALSE) AS is_incomplete
            FROM (SELECT {worth} AS worth FROM {CHANGES}
            WHERE change.outcome = 'won' AND change.owner_id = {owner} AND opportunity.amount IS NOT NULL
                AND change.at >= {since} AND change.at < least({end}, period.known)
                AND {alive("opportunity")} AND {closed_to_stay(since, end)}) AS sale) AS came"""


_LASTS = "CASE said.period_kind WHEN 'month' THEN interval '1 month' ELSE interval '3 months' END"
_ENDED = f"(said.period_start + {_LASTS})::date"
_OVER = "said.until <= (period.seen AT TIME ZONE period.zone)::date"

FORECAST_ACCURACY = Kpi(
    code="forecast_accuracy",
    version=2,
    name=_("Forecast accuracy"),
    meaning=_("How near the commits of people came to what they won."),
    formula=_("1 − sum of the differences between commit and won / won; each commit as the first week left it"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    ends=(None, 1.0),
    guard="revenue",  # whoever promises little is soon right
    on_dashboard=False,
    source=_("Submitted forecasts and won opportunities; 1 − WAPE after Hyndman & Koehler 2006"),
    facts=Facts(
        # Of each person and month the last commit of its first week; of a quarter only where no month was forecast.
        source=f"""(SELECT said.*, came.* FROM (SELECT DISTINCT ON (said.owner_id, said.period_kind, said.period_start)
                    said.id, said.owner_id, said.team_id, said.period_kind, said.period_start, said.currency,
                    said.commit, {_ENDED} AS until
                FROM sales_forecastsubmission AS said
                WHERE NOT said.of_team AND said.period_start >= {FIRST} AND said.period_start < {LAST}
                    AND {_ENDED} <= {LAST} AND said.week <= date_trunc('week', said.period_start)::date
                    AND said.submitted_at < period.known
                ORDER BY said.owner_id, said.period_kind, said.period_start, said.submitted_at DESC, said.id DESC
            ) AS said CROSS JOIN {won_between("said.period_start", "said.until", "said.owner_id")}
            WHERE said.period_kind = 'month' OR NOT EXISTS (
                SELECT FROM sales_forecastsubmission AS finer
                WHERE finer.owner_id = said.owner_id AND NOT finer.of_team AND finer.period_kind = 'month'
                    AND finer.period_start >= said.period_start AND finer.period_start < said.until
                    AND finer.week <= date_trunc('week', finer.period_start)::date
                    AND finer.submitted_at < period.known)) AS said""",
        kinds=("forecast",),
        record="said.id",
        label="(SELECT person.name FROM crm_user AS person WHERE person.id = said.owner_id)",
        moment="said.period_start::timestamp AT TIME ZONE period.zone",
        value="said.won - abs(said.won - said.commit)",
        weight="said.won",
        counted=f"{_OVER} AND said.currency = period.currency",
        issue=f"""CASE WHEN said.currency <> period.currency THEN 'other_currency'
            WHEN NOT ({_OVER}) THEN 'not_over' WHEN said.is_incomplete THEN 'without_rate' END""",
        dimensions={"person": "said.owner_id", "team": "said.team_id"},
        shown={"month": "said.period_start", "commit": "said.commit", "won": "said.won", "currency": "said.currency"},
    ),
    issues={
        "other_currency": _("Amounts in another currency than the organisation's are left out."),
        "not_over": _("Forecasts of months that are not over are left out."),
        "without_rate": WON_WITHOUT_RATE,
    },
)

_MONTH_ENDS = "(quota.month + interval '1 month')::date"

QUOTA_ATTAINMENT = Kpi(
    code="quota_attainment",
    version=2,
    name=_("Quota attainment"),
    meaning=_("What people won of what they were to win in the months of the period."),
    formula=_("Won by the people with a quota / their quotas, month by month"),
    group="sales",
    unit=Unit.RATIO,
    direction=Direction.HIGHER,
    time=Time.EVENT,
    aggregation=Aggregation.WEIGHTED,
    ends=(0.0, None),
    guard="csat",
    source=_("Quotas of people and won opportunities"),
    facts=Facts(
        source=f"""(SELECT quota.*, came.*
            FROM sales_quota AS quota CROSS JOIN {won_between("quota.month", _MONTH_ENDS, "quota.owner_id")}
            WHERE quota.owner_id IS NOT NULL AND quota.month >= {FIRST} AND quota.month < {LAST}
                AND {alive("quota")}) AS quota""",
        kinds=("quota",),
        record="quota.id",
        label="(SELECT person.name FROM crm_user AS person WHERE person.id = quota.owner_id)",
        moment="quota.month::timestamp AT TIME ZONE period.zone",
        value="quota.won",
        weight="quota.amount",
        counted="quota.currency = period.currency",
        issue="""CASE WHEN quota.currency <> period.currency THEN 'other_currency'
            WHEN quota.is_incomplete THEN 'without_rate' END""",
        dimensions={"person": "quota.owner_id", "team": "quota.team_id"},
        shown={"month": "quota.month", "quota": "quota.amount", "won": "quota.won", "currency": "quota.currency"},
    ),
    issues={
        "other_currency": _("Amounts in another currency than the organisation's are left out."),
        "without_rate": WON_WITHOUT_RATE,
    },
)

KPIS = (FORECAST_ACCURACY, QUOTA_ATTAINMENT)
