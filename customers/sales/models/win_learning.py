"""What the history of stages says of open opportunities: a few set-based statements a night, whatever their number.

Learned, for each stage, from the opportunities that were in it (counted once, as they stood when they first came to
it), that were opened long enough ago to be settled: the share that was won. Each attribute moves its log-odds by how
far the share of those with it is from the share of all, smoothed by 20 that did as all did. As to its age, it is held
against those that were still in the stage after as many days; where they are fewer than 10, after as many as 10 were.

    base    = won / reached, between 1 % and 99 %
    share   = (won with it + 20 base) / (reached with it + 20)
    effect  = ln(share / (1 - share)) - ln(base / (1 - base)), nothing below 10 with it
    p       = 1 / (1 + exp(-(ln(base / (1 - base)) + the effects))), between 1 % and 99 %

Nothing of the day after is known on any day: tiers are read back from their changes, amounts are those of the moment,
bought before is before. So the same statements say what they would have said on a past day, which is then judged.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from customers.sales.models.currency_rate import rate_sql
from customers.sales.models.win_chance import (
    JUDGED_RUNS,
    LEAST,
    NEEDED,
    OLDEST,
    SETTLED_SHARE,
    SMOOTHING,
    TONIGHT,
    YEARS_BACK,
)

SHORTEST, LONGEST = 30, 730  # days

_HORIZONS = """
SELECT watched.pipeline_id, least(greatest(ceil(extract(epoch FROM
        percentile_disc(0.9) WITHIN GROUP (ORDER BY watched.closed_at - begun.at)) / 86400)::int, %(shortest)s),
    %(longest)s)
FROM sales_opportunity AS watched
JOIN (SELECT opportunity_id, min(at) AS at FROM sales_stagechange GROUP BY 1) AS begun
    ON begun.opportunity_id = watched.id
WHERE watched.deleted_at IS NULL AND watched.closed_at > begun.at AND watched.closed_at <= %(now)s
    AND watched.closed_at > %(now)s - make_interval(years => %(years)s)
GROUP BY watched.pipeline_id
"""

_ASKED = """asked AS (
    SELECT * FROM unnest(%(pipelines)s::bigint[], %(moments)s::timestamptz[], %(horizons)s::int[])
        AS asked (pipeline, as_of, horizon))"""

# The first time each customer bought something, and the tier of each before each time it was changed. Like `win_past`
# kept aside for as long as it takes, so that the planner knows how many there are: it took them for one, and read all
# of them for each row.
_CUSTOMERS = (
    "DROP TABLE IF EXISTS win_bought, win_retiered, win_past",
    "CREATE TEMPORARY TABLE win_bought (customer bigint PRIMARY KEY, at timestamptz) ON COMMIT DROP",
    """INSERT INTO win_bought SELECT customer, min(at) FROM (
        SELECT buyer.customer_id AS customer, change.at
        FROM sales_stagechange AS change JOIN sales_opportunity AS buyer ON buyer.id = change.opportunity_id
        WHERE change.outcome = 'won' AND buyer.deleted_at IS NULL
        UNION ALL SELECT customer_id, ordered_at FROM sales_order WHERE deleted_at IS NULL) AS purchase
    WHERE customer IS NOT NULL GROUP BY customer""",
    """CREATE TEMPORARY TABLE win_retiered ON COMMIT DROP AS
    SELECT subject_id AS customer, data -> 'tier' ->> 0 AS tier, at AS until,
        lag(at) OVER (PARTITION BY subject_id ORDER BY at, id) AS since
    FROM crm_event WHERE type = 'customer.updated' AND jsonb_typeof(data -> 'tier') = 'array'""",
    "CREATE INDEX ON win_retiered (customer)",
    "ANALYZE win_bought, win_retiered",
)


def _known(rows: str, at: str, small: str, middle: str) -> str:
    """Of each row of a relation its attributes at a moment; empty where they are not known."""
    rate = rate_sql(f"{rows}.currency", f"({at} AT TIME ZONE %(zone)s)::date")
    return f"""(SELECT {rows}.amount * {rate} AS home) AS worth
    LEFT JOIN customers_customer AS buyer ON buyer.id = {rows}.customer
    LEFT JOIN win_bought AS bought ON bought.customer = buyer.id
    LEFT JOIN win_retiered AS retiered ON retiered.customer = buyer.id AND {at} < retiered.until
        AND ({at} >= retiered.since OR retiered.since IS NULL)
    CROSS JOIN LATERAL (SELECT
        CASE WHEN worth.home IS NULL THEN '' WHEN worth.home <= {small} THEN 'small'
            WHEN worth.home <= {middle} THEN 'middle' ELSE 'large' END AS amount,
        CASE WHEN buyer.id IS NULL THEN '' WHEN bought.at < {at} THEN 'existing' ELSE 'new' END AS customer,
        coalesce(buyer.channel, '') AS channel,
        coalesce(retiered.tier, buyer.tier, '') AS tier) AS known"""


# What is learned from: each stage an opportunity was in, once, with what became of it by the moment asked for.
_PAST = f"""
CREATE TEMPORARY TABLE win_past ON COMMIT DROP AS
WITH {_ASKED},
entry AS MATERIALIZED (
    SELECT change.opportunity_id AS opportunity, change.to_stage_id AS stage, change.pipeline_id AS pipeline,
        change.outcome, change.at, change.amount, change.currency, asked.as_of, asked.horizon,
        first_value(change.at) OVER course AS opened_at, lead(change.at) OVER course AS left_at,
        last_value(change.outcome) OVER course AS became
    FROM sales_stagechange AS change JOIN asked ON asked.pipeline = change.pipeline_id AND change.at <= asked.as_of
    WHERE change.from_stage_id IS DISTINCT FROM change.to_stage_id
    WINDOW course AS (PARTITION BY change.opportunity_id ORDER BY change.at, change.id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
SELECT DISTINCT ON (entry.opportunity, entry.stage) entry.*, watched.customer_id AS customer,
    least(extract(epoch FROM coalesce(entry.left_at, entry.as_of) - entry.at)::bigint / 86400, %(oldest)s) AS days
FROM entry JOIN sales_opportunity AS watched ON watched.id = entry.opportunity AND watched.deleted_at IS NULL
WHERE entry.outcome = 'open' AND (entry.left_at > entry.at OR entry.left_at IS NULL)
    AND entry.opened_at <= entry.as_of - make_interval(days => entry.horizon)
    AND entry.opened_at > entry.as_of - make_interval(years => %(years)s, days => entry.horizon)
ORDER BY entry.opportunity, entry.stage, entry.at
"""

_LEARN = f"""
WITH third AS MATERIALIZED (
    SELECT stage, percentile_disc(ARRAY[1/3::float8, 2/3::float8]) WITHIN GROUP (ORDER BY past.amount * rate) AS until
    FROM win_past AS past CROSS JOIN LATERAL (
        SELECT {rate_sql("past.currency", "(past.at AT TIME ZONE %(zone)s)::date")} AS rate) AS dated
    WHERE past.amount * rate IS NOT NULL GROUP BY stage),
cell AS MATERIALIZED (
    SELECT past.pipeline, past.stage, past.as_of, past.horizon, known.amount, known.customer, known.channel,
        known.tier, count(*) AS reached, count(*) FILTER (WHERE past.became <> 'open') AS closed,
        count(*) FILTER (WHERE past.became = 'won') AS won
    FROM win_past AS past LEFT JOIN third ON third.stage = past.stage
    CROSS JOIN LATERAL {_known("past", "past.at", "third.until[1]", "third.until[2]")}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8),
stay AS MATERIALIZED (
    SELECT stage, days, count(*) AS reached, count(*) FILTER (WHERE became = 'won') AS won FROM win_past GROUP BY 1, 2),
lasting AS MATERIALIZED (
    SELECT stage, day, sum(reached) AS reached, sum(won) AS won
    FROM generate_series(1, %(oldest)s) AS day JOIN stay ON stay.days >= day
    GROUP BY 1, 2 HAVING sum(reached) >= %(least)s),
cohort AS (
    INSERT INTO sales_wincohort
        (run, pipeline_id, stage_id, as_of, horizon, reached, closed, won, base, oldest, small_until, middle_until)
    SELECT %(run)s, pipeline, cell.stage, as_of, horizon, sum(reached), sum(closed), sum(won),
        CASE WHEN sum(closed) >= %(needed)s AND sum(closed) >= %(settled)s * sum(reached)
            THEN least(greatest(sum(won)::float8 / sum(reached)::float8, 0.01), 0.99) END,
        (SELECT count(*) FROM lasting WHERE lasting.stage = cell.stage), third.until[1], third.until[2]
    FROM cell LEFT JOIN third ON third.stage = cell.stage
    GROUP BY pipeline, cell.stage, as_of, horizon, third.until
    RETURNING id, stage_id AS stage, base),
counted AS (
    SELECT stage, attribute, value, sum(reached)::bigint AS reached, sum(won)::bigint AS won
    FROM cell CROSS JOIN LATERAL (
        VALUES ('amount', amount), ('customer', customer), ('channel', channel), ('tier', tier)
    ) AS said (attribute, value) WHERE value <> '' GROUP BY stage, attribute, value
    UNION ALL SELECT stage, 'age', day::text, reached, won FROM lasting)
INSERT INTO sales_winfactor (cohort_id, attribute, value, reached, won, effect)
SELECT cohort.id, attribute, value, reached, won,
    CASE WHEN reached < %(least)s OR base IS NULL THEN 0
        ELSE ln(share / (1 - share)) - ln(base / (1 - base)) END
FROM counted JOIN cohort ON cohort.stage = counted.stage
CROSS JOIN LATERAL (SELECT (won + %(smoothing)s * base) / (reached + %(smoothing)s) AS share) AS smoothed
"""

# What was open at the moment asked for, what was known of it then, and what its stage's cohort says of that.
_SAID = f"""{_ASKED},
standing AS MATERIALIZED (
    SELECT watched.id AS opportunity, watched.customer_id AS customer, change.to_stage_id AS stage, change.amount,
        change.currency, change.probability, entered.at AS since, asked.as_of, asked.pipeline
    FROM asked JOIN sales_opportunity AS watched ON watched.pipeline_id = asked.pipeline
    CROSS JOIN LATERAL (
        SELECT * FROM sales_stagechange AS told WHERE told.opportunity_id = watched.id AND told.at <= asked.as_of
        ORDER BY told.at DESC, told.id DESC LIMIT 1) AS change
    CROSS JOIN LATERAL (
        SELECT told.at FROM sales_stagechange AS told WHERE told.opportunity_id = watched.id AND told.at <= asked.as_of
            AND told.from_stage_id IS DISTINCT FROM told.to_stage_id
        ORDER BY told.at DESC, told.id DESC LIMIT 1) AS entered
    WHERE watched.deleted_at IS NULL AND change.outcome = 'open'
        AND (watched.closed_at IS NULL OR watched.closed_at > asked.as_of)),
described AS MATERIALIZED (
    SELECT standing.opportunity, standing.stage, standing.pipeline, standing.as_of, standing.probability AS stated,
        cohort.id AS cohort, cohort.base, known.*,
        least(extract(epoch FROM standing.as_of - standing.since)::bigint / 86400, coalesce(cohort.oldest, 0)) AS age
    FROM standing LEFT JOIN sales_wincohort AS cohort ON cohort.run = %(run)s AND cohort.stage_id = standing.stage
    CROSS JOIN LATERAL {_known("standing", "standing.as_of", "cohort.small_until", "cohort.middle_until")}),
said AS MATERIALIZED (
    SELECT described.*, CASE WHEN base IS NOT NULL THEN
        least(greatest(1 / (1 + exp(-(ln(base / (1 - base)) + coalesce(moved.by, 0)))), 0.01), 0.99) END AS chance
    FROM described CROSS JOIN LATERAL (
        SELECT sum(factor.effect) AS by FROM sales_winfactor AS factor
        WHERE factor.cohort_id = described.cohort AND (factor.attribute, factor.value) IN (('age', described.age::text),
            ('amount', described.amount), ('customer', described.customer), ('channel', described.channel),
            ('tier', described.tier))) AS moved)"""

_TELL = f"""
WITH {_SAID},
gone AS (
    DELETE FROM sales_winchance AS old
    WHERE NOT EXISTS (SELECT 1 FROM said WHERE said.opportunity = old.opportunity_id))
INSERT INTO sales_winchance AS old
    (opportunity_id, stage_id, probability, age, amount, customer, channel, tier, as_of)
SELECT opportunity, stage, chance, age, amount, customer, channel, tier, as_of FROM said
ON CONFLICT (opportunity_id) DO UPDATE SET stage_id = excluded.stage_id, probability = excluded.probability,
    age = excluded.age, amount = excluded.amount, customer = excluded.customer, channel = excluded.channel,
    tier = excluded.tier, as_of = excluded.as_of
WHERE (old.stage_id, old.probability, old.age, old.amount, old.customer, old.channel, old.tier, old.as_of)
    IS DISTINCT FROM (excluded.stage_id, excluded.probability, excluded.age, excluded.amount, excluded.customer,
        excluded.channel, excluded.tier, excluded.as_of)
"""

_JUDGE = f"""
WITH {_SAID}
INSERT INTO sales_winjudgement (run, pipeline_id, as_of, band, judged, open, won, predicted, variance, squared,
    squared_stage, squared_set)
SELECT %(run)s, pipeline, as_of, least(floor(chance * 10), 9), count(*), count(*) FILTER (WHERE outcome = 'open'),
    count(*) FILTER (WHERE outcome = 'won'), sum(chance), sum(chance * (1 - chance)), sum((chance - hit) ^ 2),
    sum((base - hit) ^ 2), sum((stated - hit) ^ 2)
FROM said CROSS JOIN LATERAL (
    SELECT stage.outcome, (stage.outcome = 'won')::int::float8 AS hit
    FROM sales_opportunity AS watched JOIN sales_stage AS stage ON stage.id = watched.stage_id
    WHERE watched.id = said.opportunity) AS became
WHERE chance IS NOT NULL GROUP BY 1, 2, 3, 4
"""


@transaction.atomic
def compute(now: datetime) -> int:
    """All that is learned, said and judged, anew; returns of how many open ones something else is said than before."""
    said: dict[str, Any] = {
        "now": now, "zone": settings.TIME_ZONE, "home": settings.CURRENCY, "oldest": OLDEST, "needed": NEEDED,
        "least": LEAST, "smoothing": float(SMOOTHING), "settled": SETTLED_SHARE, "years": YEARS_BACK,
        "shortest": SHORTEST, "longest": LONGEST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(_HORIZONS, said)
        horizons = dict(cursor.fetchall())
        for statement in _CUSTOMERS:
            cursor.execute(statement)
        for table in ("sales_winfactor", "sales_wincohort", "sales_winjudgement"):
            cursor.execute(f"DELETE FROM {table}")
        said |= {"pipelines": list(horizons), "horizons": list(horizons.values())}
        for run in range(TONIGHT, JUDGED_RUNS + 1):
            _learn(cursor, said | {"run": run, "moments": [now - timedelta(days=run * of) for of in horizons.values()]})
        # Of every pipeline, those of which nothing can be said yet as well.
        cursor.execute("SELECT coalesce(array_agg(id), '{}') FROM sales_pipeline")
        pipelines = cursor.fetchone()[0]
        asked = {"pipelines": pipelines, "moments": [now] * len(pipelines), "horizons": [0] * len(pipelines)}
        cursor.execute(_TELL, said | asked | {"run": TONIGHT})
        return int(cursor.rowcount)


def _learn(cursor: Any, asked: dict[str, Any]) -> None:
    """Of a past day also what would have been said then, against what came."""
    cursor.execute("DROP TABLE IF EXISTS win_past")
    cursor.execute(_PAST, asked)
    cursor.execute("ANALYZE win_past")
    cursor.execute(_LEARN, asked)
    if asked["run"] != TONIGHT:
        cursor.execute(_JUDGE, asked)
