"""Fifteen numbers measured from the imported records, against plain Python over the files themselves."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from tests.journeys.real_records import LOG, SALES, command, rows_of

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
Q2 = (datetime(2017, 4, 1, tzinfo=UTC), datetime(2017, 7, 1, tzinfo=UTC))
DAY = 86_400
MARCH_2016 = (datetime(2016, 3, 1, tzinfo=UTC), datetime(2016, 4, 1, tzinfo=UTC))


def measure(code: str, period: str, **options) -> list[dict]:
    return command("measure", code, period=period, **options)["results"]


def by_name(results: list[dict]) -> dict[str, dict]:
    return {result["scope"]["name"]: result for result in results}


def amount(result: dict) -> float:
    return float(result["value"]["amount"])


@cache
def sales() -> list[dict]:
    """The opportunities, each with its dates and the manager and office of its agent."""
    people = {row["sales_agent"]: row for row in rows_of(SALES / "sales_teams.csv")}
    return [
        {**row, **people[row["sales_agent"]], "engaged": day(row["engage_date"]), "closed": day(row["close_date"])}
        for row in rows_of(SALES / "sales_pipeline.csv")
    ]


def day(text: str) -> datetime | None:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC) if text else None


def closed_in(span: tuple[datetime, datetime], *stages: str) -> list[dict]:
    return [row for row in sales() if row["deal_stage"] in stages and span[0] <= row["closed"] < span[1]]


def total(rows: list[dict]) -> float:
    return float(sum(int(row["close_value"]) for row in rows))


@cache
def tickets() -> list[dict]:
    """Each ticket with when it was opened and the stretches of its history, replayed from the log by time."""
    found: dict[str, list[dict]] = defaultdict(list)
    for row in rows_of(LOG):
        found[row["number"]].append(row)
    return [replay(rows) for rows in found.values()]


def replay(rows: list[dict]) -> dict:
    opened = minute(rows[0]["opened_at"])
    ordered = sorted(rows, key=lambda row: minute(row["sys_updated_at"]))
    resolved, reopened, paused = [], [], timedelta(0)
    state, since = "open", opened
    for row in ordered:
        at, into = minute(row["sys_updated_at"]), category(row["incident_state"])
        if into == state:
            continue
        if state != "open":
            paused += at - since
        if into == "resolved":
            resolved.append({"at": at, "paused": paused, "owner": row["assigned_to"], "group": row["assignment_group"]})
        elif state == "resolved":
            reopened.append(at)
        state, since = into, at
    return {"number": rows[0]["number"], "opened": opened, "resolved": resolved, "reopened": reopened}


def minute(text: str) -> datetime:
    return datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def category(state: str) -> str:
    return {"Resolved": "resolved", "Closed": "resolved", "Awaiting User Info": "paused"}.get(state, "open")


def test_1_revenue_of_a_quarter(imported):
    assert amount(measure("revenue", "2017-Q2")[0]) == total(closed_in(Q2, "Won"))


def test_2_revenue_by_office_includes_the_teams_below(imported):
    for office in ("Central", "East", "West"):
        rows = [row for row in closed_in(Q2, "Won") if row["regional_office"] == office]
        assert amount(measure("revenue", "2017-Q2", scope=f"team:{office}")[0]) == total(rows), office


def test_3_revenue_by_team(imported):
    for manager in {row["manager"] for row in sales()}:
        rows = [row for row in closed_in(Q2, "Won") if row["manager"] == manager]
        assert amount(measure("revenue", "2017-Q2", scope=f"team:Team {manager}")[0]) == total(rows), manager


def test_4_revenue_by_person(imported):
    results = by_name(measure("revenue", "2017-Q2", by="person"))
    agents = {row["sales_agent"] for row in closed_in(Q2, "Won")}
    assert agents <= set(results)
    for agent in agents:
        rows = [row for row in closed_in(Q2, "Won") if row["sales_agent"] == agent]
        assert amount(results[agent]) == total(rows), agent


def test_5_win_rate_of_each_quarter(imported):
    for quarter, first in (("Q1", 1), ("Q2", 4), ("Q3", 7), ("Q4", 10)):
        start = datetime(2017, first, 1, tzinfo=UTC)
        end = datetime(2018, 1, 1, tzinfo=UTC) if first == 10 else datetime(2017, first + 3, 1, tzinfo=UTC)
        won, closed = len(closed_in((start, end), "Won")), len(closed_in((start, end), "Won", "Lost"))
        result = measure("win_rate", f"2017-{quarter}")[0]
        assert (result["numerator"], result["denominator"]) == (won, closed), quarter


def test_6_win_rate_by_office(imported):
    for office in ("Central", "East", "West"):
        rows = [row for row in closed_in(Q2, "Won", "Lost") if row["regional_office"] == office]
        result = measure("win_rate", "2017-Q2", scope=f"team:{office}")[0]
        assert (result["numerator"], result["denominator"]) == (
            sum(row["deal_stage"] == "Won" for row in rows), len(rows)
        )  # fmt: skip


def test_7_win_rate_by_person(imported):
    results = by_name(measure("win_rate", "2017-Q2", by="person"))
    for agent in {row["sales_agent"] for row in closed_in(Q2, "Won", "Lost")}:
        rows = [row for row in closed_in(Q2, "Won", "Lost") if row["sales_agent"] == agent]
        assert results[agent]["numerator"] == sum(row["deal_stage"] == "Won" for row in rows)
        assert results[agent]["denominator"] == len(rows)


def test_8_sales_cycle_is_the_median_of_engaged_to_won(imported):
    lengths = [(row["closed"] - row["engaged"]).total_seconds() for row in closed_in(Q2, "Won")]
    assert measure("sales_cycle", "2017-Q2")[0]["value"] == statistics.median(lengths)


def test_9_sales_cycle_of_an_office(imported):
    rows = [row for row in closed_in(Q2, "Won") if row["regional_office"] == "East"]
    lengths = [(row["closed"] - row["engaged"]).total_seconds() for row in rows]
    assert measure("sales_cycle", "2017-Q2", scope="team:East")[0]["value"] == statistics.median(lengths)


def test_10_new_customers_of_each_quarter(imported):
    first: dict[str, datetime] = {}
    for row in sales():
        if row["deal_stage"] == "Won" and row["account"]:
            first[row["account"]] = min(row["closed"], first.get(row["account"], row["closed"]))
    for quarter, start, end in (("Q1", 1, 4), ("Q2", 4, 7), ("Q3", 7, 10)):
        span = datetime(2017, start, 1, tzinfo=UTC), datetime(2017, end, 1, tzinfo=UTC)
        expected = sum(span[0] <= at < span[1] for at in first.values())
        assert measure("new_customers", f"2017-{quarter}")[0]["value"] == expected, quarter


def test_11_active_customers_at_the_end_of_a_quarter(imported):
    since, until = Q2[1] - timedelta(days=365), Q2[1]
    bought = {
        row["account"]
        for row in sales()
        if row["deal_stage"] == "Won" and row["account"] and since <= row["closed"] < until
    }
    assert measure("active_customers", "2017-Q2")[0]["value"] == len(bought)


def test_12_pipeline_value_at_an_instant_says_that_no_amount_was_known(imported):
    """The file knows what a sale brought, not what it was worth while it was open."""
    is_open = [
        row
        for row in sales()
        if row["engaged"] and row["engaged"] < Q2[1] and (not row["closed"] or row["closed"] >= Q2[1])
    ]
    result = measure("pipeline_value", "2017-Q2")[0]
    assert not result["value"] or amount(result) == 0
    assert f"missing_amount:{len(is_open)}" in result["flags"]


def test_13_resolution_rate_of_a_month(imported):
    opened = [ticket for ticket in tickets() if MARCH_2016[0] <= ticket["opened"] < MARCH_2016[1]]
    lasting = [
        ticket
        for ticket in opened
        if any(
            end["at"] <= ticket["opened"] + timedelta(days=7)
            and not any(end["at"] < back <= end["at"] + timedelta(hours=72) for back in ticket["reopened"])
            for end in ticket["resolved"]
        )
    ]
    result = measure("resolution_rate", "2016-03")[0]
    assert (result["numerator"], result["denominator"]) == (len(lasting), len(opened))


def test_14_reopen_rate_of_a_month(imported):
    resolved = [
        (ticket, [end for end in ticket["resolved"] if MARCH_2016[0] <= end["at"] < MARCH_2016[1]])
        for ticket in tickets()
    ]
    resolved = [(ticket, ends) for ticket, ends in resolved if ends]
    reopened = [
        ticket
        for ticket, ends in resolved
        if any(end["at"] <= back <= end["at"] + timedelta(days=14) for end in ends for back in ticket["reopened"])
    ]
    result = measure("reopen_rate", "2016-03")[0]
    assert (result["numerator"], result["denominator"]) == (len(reopened), len(resolved))


def test_15_resolution_time_of_a_month_and_by_person_and_group(imported):
    last = [(ticket, ticket["resolved"][-1]) for ticket in tickets() if ticket["resolved"]]
    inside = [(ticket, end) for ticket, end in last if MARCH_2016[0] <= end["at"] < MARCH_2016[1]]
    seconds = [(end["at"] - ticket["opened"] - end["paused"]).total_seconds() for ticket, end in inside]
    result = measure("resolution_time", "2016-03")[0]
    assert result["value"] == statistics.median(seconds)
    assert result["n"] == len(inside)
    assert f"calendar_time:{len(inside)}" in result["flags"]
    for dimension, key in (("person", "owner"), ("team", "group")):
        results = by_name(measure("resolution_time", "2016-03", by=dimension))
        for name in {end[key] for _ticket, end in inside} - {"?"}:
            theirs = [
                (end["at"] - ticket["opened"] - end["paused"]).total_seconds()
                for ticket, end in inside
                if end[key] == name
            ]
            assert results[name]["value"] == statistics.median(theirs), name
