"""Another stretch of time than the period that is asked for: the year before, or the twelve months until its end."""

from __future__ import annotations


def during(rows: str, since: str, until: str) -> str:
    """What a piece of SQL says of the period, of the stretch between two moments instead.

    The piece is given a row `period` of its own, so that nobody has to write it twice.
    """
    return f"""(SELECT moved.* FROM (SELECT {since} AS starts, {until} AS ends, {until} AS instant, period.known,
                period.seen, period.currency, period.zone) AS period CROSS JOIN LATERAL ({rows}) AS moved)"""


# On the organisation's clock, so that a day a year earlier begins at midnight too.
STARTS = "(period.starts AT TIME ZONE period.zone)"
INSTANT = "(period.instant AT TIME ZONE period.zone)"


def on_the_clock(local: str) -> str:
    return f"(({local}) AT TIME ZONE period.zone)"
