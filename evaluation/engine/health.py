"""The health model: what is looked at, how it is weighed, and the statements that do it for every customer at once.

The arithmetic is that of `formulas.health`, step for step, so that both give the same points to the last bit.
Version 1:

recency       whole days since the last two-way contact: 14 is good, 60 neutral, 180 bad
frequency     two-way contacts within 90 days: 6 is good, 2 neutral, 0 bad
satisfaction  the latest answer to a survey within a year, on its own scale; fades with a half-life of 90 days
service       tickets overdue now and reopenings within 90 days: 0 is good, 1 neutral, 3 bad

A call, visit or meeting in which somebody was reached is two-way, and so is whatever the customer sent. Recency and
frequency are missing where there never was a contact, service where there was no ticket within a year. A complaint
open for more than 14 days holds the score at 39.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from evaluation.formulas import health

VERSION = 1  # of the whole model, arithmetic included: with another everybody is scored anew
WORK_MEM = "64MB"
HALF_LIFE = 90.0
COMPLAINT_DAYS = 14


@dataclass(frozen=True)
class Measure:
    """One component: its weight in percent and the anchors for bad, neutral and good."""

    code: str
    name: Any
    weight: int
    anchors: tuple[float, float, float]
    half_life: float | None = None

    def value(self, raw: float) -> float:
        return health.normalise(raw, *self.anchors)

    def value_sql(self, raw: str) -> str:
        """`formulas.health.normalise`, in the same order of operations."""
        bad, ok, good = (f"{anchor}::float8" for anchor in self.anchors)
        worse = f"{raw} < {ok}" if self.anchors[0] < self.anchors[2] else f"{raw} > {ok}"
        below, above = f"0.5 * ({raw} - {bad}) / ({ok} - {bad})", f"0.5 + 0.5 * ({raw} - {ok}) / ({good} - {ok})"
        return f"least(1.0, greatest(0.0, CASE WHEN {worse} THEN {below} ELSE {above} END))"

    def component(self, raw: float | None, age: float | None = None) -> health.Component:
        """The same for one customer, in Python."""
        value = None if raw is None else self.value(raw)
        return health.Component(self.code, value, self.weight, age or 0.0, self.half_life)


MEASURES = (
    Measure("recency", _("Last contact"), 20, (180.0, 60.0, 14.0)),
    Measure("frequency", _("Contacts in 90 days"), 20, (0.0, 2.0, 6.0)),
    Measure("satisfaction", _("Satisfaction"), 30, (0.0, 0.5, 1.0), HALF_LIFE),
    Measure("service", _("Service"), 30, (3.0, 1.0, 0.0)),
)
TOTAL_WEIGHT = sum(measure.weight for measure in MEASURES)
GRID = 2**20

_DAYS = "floor(date_part('epoch', %(now)s - {moment}) / 86400)::float8"

# One statement for each source. Beyond the bad end a day more says nothing new, and writes nothing.
SOURCES = {
    "contact": f"""SELECT customer_id, least(180.0, {_DAYS.format(moment="max(at)")}) AS days,
            count(*) FILTER (WHERE at > %(now)s - interval '90 days')::float8 AS times
        FROM customers_activity
        WHERE deleted_at IS NULL AND at <= %(now)s AND (
            (direction = 'inbound' AND type <> 'note')
            OR (type IN ('call', 'visit', 'meeting') AND outcome <> 'not_reached'))
        GROUP BY customer_id""",
    "satisfaction": f"""SELECT DISTINCT ON (response.customer_id) response.customer_id,
            CASE survey.type WHEN 'nps' THEN response.score / 10.0::float8
                WHEN 'csat' THEN (response.score - 1) / 4.0::float8
                ELSE (response.score - 1) / 6.0::float8 END AS share,
            {_DAYS.format(moment="response.answered_at")} AS days
        FROM surveys_response AS response JOIN surveys_survey AS survey ON survey.id = response.survey_id
        WHERE response.deleted_at IS NULL AND response.customer_id IS NOT NULL
            AND response.answered_at <= %(now)s AND response.answered_at > %(now)s - interval '365 days'
        ORDER BY response.customer_id, response.answered_at DESC, response.id DESC""",
    "service": f"""SELECT customer_id, least(3.0, sum(burden))::float8 AS burden, bool_or(complains) AS complains
        FROM (
            SELECT ticket.customer_id, (state.category <> 'resolved' AND coalesce(
                    coalesce(ticket.resolution_due_at < %(now)s, FALSE)
                    OR (ticket.first_response_at IS NULL AND ticket.first_response_due_at < %(now)s), FALSE)
                )::int AS burden,
                state.category <> 'resolved' AND ticket.type = 'complaint'
                    AND ticket.opened_at <= %(now)s - interval '{COMPLAINT_DAYS} days' AS complains
            FROM service_ticket AS ticket JOIN service_ticketstate AS state ON state.id = ticket.state_id
            WHERE ticket.deleted_at IS NULL AND ticket.customer_id IS NOT NULL AND ticket.opened_at <= %(now)s
                AND (state.category <> 'resolved' OR ticket.opened_at > %(now)s - interval '365 days')
            UNION ALL
            SELECT ticket.customer_id, 1, FALSE
            FROM service_ticketevent AS event JOIN service_ticket AS ticket ON ticket.id = event.ticket_id
            WHERE event.type = 'reopened' AND event.at <= %(now)s AND event.at > %(now)s - interval '90 days'
                AND ticket.deleted_at IS NULL AND ticket.customer_id IS NOT NULL) AS ticket
        GROUP BY customer_id""",
}


def source_table(name: str) -> str:
    return f"health_{name}"


def scored_sql() -> str:
    """One row for each customer of whom something else is known than when it was scored: all the score is made of.

    What says the same as before, in the same version of the model, comes to the same score and is left out before any
    arithmetic: in a second run of the day nearly everybody, at night whoever has been silent for half a year.
    `old_band` and `old_score` are what is stored, if anything.
    OFFSET 0 keeps each step computed once: merged, every step would repeat all those before it.
    """
    raw = {"recency": "contact.days", "frequency": "contact.times", "satisfaction": "said.share",
           "service": "served.burden"}  # fmt: skip
    ages = {"satisfaction": "said.days"}
    columns = ", ".join(
        f"{raw[one.code]} AS raw_{one.code}, {ages.get(one.code, 'NULL::float8')} AS age_{one.code}" for one in MEASURES
    )
    observed = [f"ARRAY[{', '.join(raw[one.code] for one in MEASURES)}]"]
    observed += [f"ARRAY[{', '.join(ages.get(one.code, 'NULL') for one in MEASURES)}]::float8[]"]
    observed += ["coalesce(served.complains, FALSE)", f"{VERSION}::smallint"]
    sql = f"""SELECT customer.id AS customer_id, {columns}, coalesce(served.complains, FALSE) AS capped,
            old.customer_id IS NULL AS is_new, old.band AS old_band, round(old.score) AS old_score
        FROM customers_customer AS customer
        LEFT JOIN health_contact AS contact ON contact.customer_id = customer.id
        LEFT JOIN health_satisfaction AS said ON said.customer_id = customer.id
        LEFT JOIN health_service AS served ON served.customer_id = customer.id
        LEFT JOIN evaluation_healthscore AS old ON old.customer_id = customer.id
        WHERE customer.deleted_at IS NULL AND (contact.customer_id IS NOT NULL OR said.customer_id IS NOT NULL
            OR served.customer_id IS NOT NULL OR old.customer_id IS NOT NULL)
        AND (old.customer_id IS NULL
            OR (old.raw, old.ages, old.capped, old.version) IS DISTINCT FROM ({", ".join(observed)}))"""
    values = ", ".join(
        f"CASE WHEN raw_{m.code} IS NULL THEN NULL ELSE {m.value_sql(f'raw_{m.code}')} END AS value_{m.code}"
        for m in MEASURES
    )
    sql = f"SELECT *, {values} FROM ({sql} OFFSET 0) AS observed"
    present = " + ".join(f"CASE WHEN value_{one.code} IS NULL THEN 0 ELSE {one.weight} END" for one in MEASURES)
    faded = ", ".join(f"{_faded(measure)} AS faded_{measure.code}" for measure in MEASURES)
    sql = f"SELECT *, ({present})::float8 AS present, {faded} FROM ({sql} OFFSET 0) AS valued"
    sum_so_far = "50.0::float8"
    for number, measure in enumerate(MEASURES):
        points = f"least(100 - {sum_so_far}, greatest(-{sum_so_far}, {_points(measure)}))"
        sql = f"SELECT *, {points} AS points_{measure.code} FROM ({sql} OFFSET 0) AS step"
        sql = f"SELECT *, {sum_so_far} + points_{measure.code} AS sum_{number} FROM ({sql} OFFSET 0) AS step"
        sum_so_far = f"sum_{number}"
    cap = f"CASE WHEN capped THEN least({sum_so_far}, {health.TRIP_WIRE_CAP}) ELSE {sum_so_far} END"
    return f"""SELECT customer_id, CASE WHEN present > 0 THEN {cap} END AS score,
            present / {TOTAL_WEIGHT} AS coverage, {_array("raw")} AS raw, {_array("value")} AS "values",
            {_array("age")} AS ages, {_array("points")} AS points, capped,
            is_new, old_band, old_score FROM ({sql} OFFSET 0) AS summed"""


def _faded(measure: Measure) -> str:
    value = f"value_{measure.code}"
    if measure.half_life is None:
        return value
    return f"0.5 + ({value} - 0.5) * power(2.0::float8, -age_{measure.code} / {measure.half_life}::float8)"


def _points(measure: Measure) -> str:
    share = f"{measure.weight}::float8 / present"
    exact = f"round(100 * ({share}) * (faded_{measure.code} - 0.5) * {GRID}::float8) / {GRID}"
    return f"CASE WHEN faded_{measure.code} IS NULL THEN 0.0::float8 ELSE {exact} END"


def _array(prefix: str) -> str:
    return f"ARRAY[{', '.join(f'{prefix}_{measure.code}' for measure in MEASURES)}]"


def band_sql(score: str, coverage: str, previous: str) -> str:
    """`formulas.health.band`."""
    return f"""CASE WHEN {score} IS NULL OR {coverage} < {health.ENOUGH_COVERAGE} THEN 'unknown'
            WHEN {score} < 40 OR ({previous} = 'red' AND {score} <= 50) THEN 'red'
            WHEN {score} > 70 OR ({previous} = 'green' AND {score} >= 60) THEN 'green'
            ELSE 'amber' END"""
