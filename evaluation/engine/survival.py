"""The Kaplan-Meier estimate in SQL: the time by which a share have ended, where some have not ended yet.

`formulas.survival` is the same in Python, and says where it comes from.
"""

from __future__ import annotations

from evaluation.formulas.intervals import z_value

# Time by time, of those that ended: how many did, and how many were still there.
_TIMES = """SELECT at, count(*) FILTER (WHERE way = 1)::float8 AS ended, sum(count(*)) OVER (ORDER BY at DESC)::float8
            AS there FROM unnest(summed.sorted, summed.ways) AS one(at, way) GROUP BY at"""
# The share that lasts longer, and how sure that is (Greenwood); nothing is left once all that were there have ended.
_LASTING = f"""SELECT at, CASE WHEN bool_or(ended = there) OVER upto THEN 0 ELSE exp(sum(
                CASE WHEN ended < there THEN ln(1 - ended / there) END) OVER upto) END AS share,
            sum(CASE WHEN ended < there THEN ended / (there * (there - ended)) ELSE 0 END) OVER upto AS greenwood
        FROM ({_TIMES}) AS time WHERE ended > 0 WINDOW upto AS (ORDER BY at)"""


def quantile_columns(share: float, level: float) -> dict[str, str]:
    """Of the row `summed` with the times in order and in which way each ended: the first time by which a share have
    ended, and both ends of its log-log interval; each NULL where the curve does not come so far."""
    left = f"{1 - share + 1e-12!r}::float8"
    z = f"{z_value(level)!r}::float8"
    limits = f"""SELECT at, share, CASE WHEN share > 0 THEN exp({z} * sqrt(greenwood) / ln(share)) END AS spread
        FROM ({_LASTING}) AS step"""

    def first(curve: str) -> str:
        return f"(SELECT min(at) FROM ({limits}) AS step WHERE share <= 0 OR {curve} <= {left})"

    return {
        "middle": first("share"),
        "low": f"ARRAY[{first('share ^ (1 / spread)')}]",
        "high": f"ARRAY[{first('share ^ spread')}]",
    }
