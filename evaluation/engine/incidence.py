"""The Aalen-Johansen estimate in SQL; `formulas.incidence` is the same in Python, and says where it comes from."""

from __future__ import annotations

# Time by time: how many were still there, how many ended, how many of them in the way that is asked for.
_TIMES = """SELECT at, count(*) FILTER (WHERE way = 1)::float8 AS wanted,
            count(*) FILTER (WHERE way <> 0)::float8 AS ended, sum(count(*)) OVER (ORDER BY at DESC)::float8 AS there
        FROM unnest(summed.sorted, summed.ways) AS one(at, way) GROUP BY at"""
_LASTING = f"""SELECT *, coalesce(exp(sum(CASE WHEN ended < there THEN ln(1 - ended / there) ELSE '-Infinity' END)
            OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)), 1) AS lasting
        FROM ({_TIMES}) AS time WHERE ended > 0"""
_AHEAD = f"""SELECT *, coalesce(sum(lasting * wanted / there)
            OVER (ORDER BY at ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0) AS ahead
        FROM ({_LASTING}) AS step"""

# The share and its variance, of the row `summed` with the times in order and in which way each ended.
INCIDENCE = f"""(SELECT ARRAY[coalesce(sum(lasting * wanted / there), 0), coalesce(sum(
            CASE WHEN ended < there THEN ahead ^ 2 * ended / (there * (there - ended)) ELSE 0 END
            + lasting ^ 2 * wanted * (there - wanted) / there ^ 3 - 2 * ahead * lasting * wanted / there ^ 2), 0)]
        FROM ({_AHEAD}) AS step)"""
